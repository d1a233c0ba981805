import { PaperClipOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "antd";
import { send } from "@/kit/api";
import { newKey } from "@/kit/command";
import { Failed } from "@/kit/states";

const TAKEN = ".jpg,.jpeg,.png,.webp,.pdf,.docx,.xlsx,.txt,.csv,.amr,.mp3,.wav,.mp4";

/** Documents that prove what was done: a photograph, a measurement, a receipt. */
export function Evidence({ orderId, count }: { orderId: string; count: number }) {
  const { t } = useTranslation("inbox");
  const queries = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const attach = useMutation({
    mutationFn: (file: File) =>
      send("POST", `/v1/orders/${orderId}/files`, file, {
        "Content-Type": file.type || "application/octet-stream",
        "X-File-Name": encodeURIComponent(file.name),
        "Idempotency-Key": newKey(),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["order", orderId] }),
  });
  return (
    <div className="inbox-section">
      <input
        id={id}
        ref={input}
        type="file"
        accept={TAKEN}
        hidden
        aria-label={t("evidence.choose")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) attach.mutate(file);
          event.target.value = "";
        }}
      />
      <Button icon={<PaperClipOutlined />} loading={attach.isPending} onClick={() => input.current?.click()}>
        {t("evidence.choose")}
      </Button>{" "}
      <span role="status">{t("evidence.count", { count })}</span>
      {attach.error && <Failed error={attach.error} />}
    </div>
  );
}
