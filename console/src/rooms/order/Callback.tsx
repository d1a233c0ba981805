import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { Order } from "@/kit/sentences";
import { Nothing } from "@/kit/states";
import { Instant } from "@/kit/time";
import { Facts } from "./Facts";

/** The call-back of this round and how the order ended; times in the customer's own zone. */
export function Callback({ order }: { order: Order }) {
  const { t } = useTranslation(["order", "verbs"]);
  const { callback } = order;
  const zone = order.customer.zone;
  if (!callback && !order.outcome) return <Nothing>{t("callback.none")}</Nothing>;
  const attempts = callback?.attempts ?? [];
  return (
    <>
      {callback?.expiry && (
        <p>
          <Tag color="orange">{t("callback.expiry")}</Tag>
        </p>
      )}
      <Facts
        of={[
          [t("callback.outcome"), order.outcome ? t(`verbs:outcome.${order.outcome}`) : ""],
          ...(callback
            ? [
                [t("callback.round"), t("head.round_n", { round: callback.round })] as const,
                [t("callback.status"), <Tag key="status">{t(`verbs:callback.${callback.status}`)}</Tag>] as const,
                [t("callback.planned"), <Instant key="planned" at={callback.planned_at} zone={zone} />] as const,
                [
                  t("callback.not_before"),
                  callback.not_before ? <Instant key="at" at={callback.not_before} zone={zone} /> : "",
                ] as const,
                [
                  t("callback.attempts"),
                  attempts.length
                    ? attempts.map((at) => (
                        <div key={at}>
                          <Instant at={at} zone={zone} />
                        </div>
                      ))
                    : t("callback.none_yet"),
                ] as const,
                [
                  t("callback.solved"),
                  callback.solved == null ? "" : t(callback.solved ? "verbs:word.solved" : "verbs:word.unsolved"),
                ] as const,
                [
                  t("callback.satisfaction"),
                  callback.satisfaction ? t(`verbs:satisfaction.${callback.satisfaction}`) : "",
                ] as const,
              ]
            : []),
        ]}
      />
    </>
  );
}
