import { useMutation } from "@tanstack/react-query";
import { Button, Input, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { send, type Schemas } from "@/kit/api";
import { useEvents } from "@/kit/order";
import { tells } from "@/kit/sentences";
import { Answer, Failed } from "@/kit/states";
import type { Task } from "./tasks";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What the customer says, as far as the department is told, and his number for a reason. */
export function Complaint({ task }: { task: Task }) {
  const { t } = useTranslation("inbox");
  const events = useEvents(task.order_id);
  return (
    <section className="inbox-section">
      <h3>{t("complaint.title")}</h3>
      <Answer of={events}>
        {(found) => {
          const said = found.filter((one) => tells(one) || one.type === "OrderUrged");
          return said
            .filter((one) => text(one.data.text))
            .map((one) => (
              <p key={one.seq} className="inbox-words">
                {one.type === "OrderUrged" && <strong>{t("complaint.urged")} </strong>}
                {text(one.data.text)}
              </p>
            ));
        }}
      </Answer>
      <Callee task={task} />
    </section>
  );
}

/** The number to call, shown for a reason that goes on record. */
function Callee({ task }: { task: Task }) {
  const { t } = useTranslation("inbox");
  const [reason, setReason] = useState(t("complaint.default_reason"));
  const reveal = useMutation({
    mutationFn: () =>
      send<Schemas["Revealed"]>("POST", `/v1/orders/${task.order_id}/reveal`, { fields: ["customer.phone"], reason }),
  });
  const phone = text(reveal.data?.values["customer.phone"]);
  if (phone)
    return (
      <p>
        {t("complaint.phone")} <a href={`tel:${phone}`}>{phone}</a>
      </p>
    );
  return (
    <>
      <Space.Compact className="inbox-reveal">
        <Input
          aria-label={t("complaint.reason")}
          value={reason}
          maxLength={200}
          onChange={(event) => setReason(event.target.value)}
        />
        <Button disabled={!reason.trim()} loading={reveal.isPending} onClick={() => reveal.mutate()}>
          {t("complaint.reveal")}
        </Button>
      </Space.Compact>
      <p className="inbox-quiet">{t("complaint.on_record")}</p>
      {reveal.error && <Failed error={reveal.error} />}
    </>
  );
}
