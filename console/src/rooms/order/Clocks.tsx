import { Button, Drawer, Tag } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/kit/api";
import { ClockAccount, useClockAccount } from "@/kit/ClockAccount";
import { useNames } from "@/kit/names";
import type { Order } from "@/kit/sentences";
import { Answer } from "@/kit/states";
import { Countdown, Instant } from "@/kit/time";
import { Facts, Grid } from "./Facts";

/** Every limit's whole life, kept, missed or running; the account of each on demand. */
export function Clocks({ order, onClock }: { order: Order; onClock: (key: string) => void }) {
  const { t } = useTranslation(["order", "verbs"]);
  const names = useNames();
  const zone = names.zone(order.province);
  const limits = useQuery({
    queryKey: ["order", order.id, "deadlines"],
    queryFn: () => data(api.GET("/v1/orders/{order_id}/deadlines", { params: { path: { order_id: order.id } } })),
  });
  return (
    <Answer of={limits} empty={t("clocks.none")}>
      {(found) => (
        <Grid
          label={t("tab.clocks")}
          head={["kind", "unit", "status", "left", "due", "ended", "why"].map((one) => t(`clocks.${one}`))}
          rows={found.map((one) => ({
            key: one.key,
            cells: [
              <strong key="kind">{t(`verbs:clock.${one.kind}`, one.kind)}</strong>,
              one.unit ? names.unit(one.unit) : t("verbs:word.desk"),
              <>
                <Tag>{t(`verbs:ticking.${one.status}`, one.status)}</Tag>
                {one.late && <Tag color="red">{t("clocks.late")}</Tag>}
              </>,
              one.ended_at ? (
                "—"
              ) : (
                <Countdown key="left" due={one.due_at} zone={zone} paused={one.status === "paused"} />
              ),
              <>
                <Instant at={one.due_at} zone={names.zone(one.unit || order.province)} />
                {one.first_due_at !== one.due_at && (
                  <div className="quiet">
                    <del>
                      <Instant at={one.first_due_at} zone={zone} />
                    </del>
                  </div>
                )}
              </>,
              <Instant key="ended" at={one.ended_at} zone={zone} />,
              <Button
                key="why"
                size="small"
                aria-label={t("clocks.why_of", { kind: t(`verbs:clock.${one.kind}`) })}
                onClick={() => onClock(one.key)}
              >
                {t("clocks.why")}
              </Button>,
            ],
          }))}
        />
      )}
    </Answer>
  );
}

/** The account of one limit: which hours counted, which were paused and why, what moved it, and who held the order. */
export function ClockDrawer({ order, clock, onClose }: { order: Order; clock: string; onClose: () => void }) {
  const { t } = useTranslation(["order", "verbs"]);
  const names = useNames();
  const told = useClockAccount(order.id, clock);
  const kind = t(`verbs:clock.${clock.split("/")[0]}`, clock);
  const holder = (id: string) =>
    id === "customer" ? t("verbs:role.customer") : id === "desk" ? t("verbs:word.desk") : names.unit(id);
  return (
    <Drawer open={clock !== ""} onClose={onClose} size="min(640px, 100vw)" title={t("clocks.account", { kind })}>
      <Answer of={told}>
        {(found) => {
          const { account } = found;
          const minutes = (amount: number) =>
            t(account.working ? "clocks.work" : "clocks.minutes", { minutes: Math.round(amount) });
          return (
            <>
              <Facts
                of={[
                  [t("clocks.unit"), account.unit ? names.unit(account.unit) : t("verbs:word.desk")],
                  [t("clocks.length"), minutes(account.length)],
                  [t("clocks.rule"), account.rule],
                  [t("clocks.started"), <Instant key="at" at={account.started_at} zone={account.zone} />],
                  [t("clocks.due"), <Instant key="due" at={account.due_at} zone={account.zone} />],
                ]}
              />
              <ClockAccount of={found} />
              {account.held.length > 0 && (
                <>
                  <h3>{t("clocks.held")}</h3>
                  <Grid
                    label={t("clocks.held")}
                    head={[t("clocks.unit"), t("clocks.from"), t("clocks.to"), t("clocks.counted")]}
                    rows={account.held.map((hold) => ({
                      key: hold.begin,
                      cells: [
                        holder(hold.holder),
                        <Instant key="begin" at={hold.begin} zone={account.zone} />,
                        <Instant key="end" at={hold.end} zone={account.zone} />,
                        minutes(hold.worked),
                      ],
                    }))}
                  />
                </>
              )}
            </>
          );
        }}
      </Answer>
    </Drawer>
  );
}
