import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CommandAnswer } from "@/kit/command";
import { Instant } from "@/kit/time";
import type { CallLine } from "./queue";

/** What came of the last call, by the rules: the next attempt, the message, the review, or the end. */
export function After({ answer, line, onClose }: { answer: CommandAnswer; line: CallLine; onClose: () => void }) {
  const { t } = useTranslation(["callbacks", "verbs"]);
  const order = answer.order;
  const status = order.callback?.status;
  const rating = Object.values(order.clocks ?? {}).find((clock) => clock.kind === "rating");
  return (
    <Alert
      type="success"
      showIcon
      role="status"
      className="spaced"
      data-after={status ?? order.state}
      closable={{ onClose, "aria-label": t("after.dismiss") }}
      title={
        <>
          {t("after.recorded")} <Link to={`/orders/${order.id}`}>{order.id}</Link>
        </>
      }
      description={
        order.outcome ? (
          t("after.closed", { outcome: t(`verbs:outcome.${order.outcome}`) })
        ) : status === "attempting" ? (
          <>
            {t("after.again", { count: Math.max(0, line.attempts_left - 1) })}{" "}
            <Instant at={order.callback?.not_before} zone={line.zone} />
          </>
        ) : status === "sms_sent" ? (
          <>
            {t("after.sms")} <Instant at={rating?.due_at} zone={line.zone} />
          </>
        ) : status === "under_review" ? (
          t("after.review")
        ) : (
          t("after.goes_on")
        )
      }
    />
  );
}
