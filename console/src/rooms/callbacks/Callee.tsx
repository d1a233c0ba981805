import { PhoneOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { send, type Schemas } from "@/kit/api";
import { useKeys } from "@/kit/keys";
import { Failed } from "@/kit/states";
import type { CallLine } from "./queue";

/** The number to call: one key shows it, and that is on record. */
export function Callee({ line, may }: { line: CallLine; may: boolean }) {
  const { t } = useTranslation("callbacks");
  const reveal = useMutation({
    mutationFn: () =>
      send<Schemas["Revealed"]>("POST", `/v1/orders/${line.order_id}/reveal`, {
        fields: ["customer.phone", "customer.name"],
        reason: t("reveal.reason"),
      }),
  });
  const shown = reveal.data?.values as Record<string, string> | undefined;
  const show = () => reveal.mutate();
  useKeys({ n: show, N: show }, may && !shown && !reveal.isPending);
  return (
    <div className="calls-number">
      <strong>{shown?.["customer.name"] ?? line.customer_name}</strong>
      {shown ? (
        <a href={`tel:${shown["customer.phone"]}`}>
          <PhoneOutlined aria-hidden /> {shown["customer.phone"]}
        </a>
      ) : (
        <span>{line.customer_phone}</span>
      )}
      {may && !shown && (
        <Button loading={reveal.isPending} onClick={show} aria-keyshortcuts="N">
          {t("reveal.button")} <kbd>{t("reveal.key")}</kbd>
        </Button>
      )}
      {shown && <span className="calls-quiet">{t("reveal.on_record")}</span>}
      {reveal.error && <Failed error={reveal.error} />}
    </div>
  );
}
