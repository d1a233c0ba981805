import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { api, data } from "@/kit/api";
import { useNames } from "@/kit/names";
import { usePeople } from "@/kit/people";
import type { Order } from "@/kit/sentences";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { Grid } from "./Facts";

const PAGE = 50;

/** Who looked at the order, when, at what and why; the latest first. */
export function Accesses({ order }: { order: Order }) {
  const { t } = useTranslation(["order", "verbs", "audit"]);
  const names = useNames();
  const people = usePeople(order.province);
  const pages = useInfiniteQuery({
    queryKey: ["order", order.id, "accesses"],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/orders/{order_id}/accesses", {
          params: { path: { order_id: order.id }, query: { cursor: pageParam, limit: PAGE } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    staleTime: 60_000,
  });
  return (
    <Answer of={{ ...pages, data: pages.data?.pages.flatMap((page) => page.items) }} empty={t("accesses.none")}>
      {(items) => (
        <>
          <Grid
            label={t("tab.accesses")}
            head={["at", "who", "what", "outcome", "detail", "reason"].map((one) => t(`accesses.${one}`))}
            rows={items.map((one) => ({
              key: String(one.id),
              cells: [
                <Instant key="at" at={one.at} zone={names.zone(order.province)} />,
                <>
                  {one.role === "customer" ? t("verbs:role.customer") : people.name(one.actor_id)}{" "}
                  <span className="quiet">{t(`verbs:role.${one.role}`, one.role)}</span>
                </>,
                t(`audit:operation.${one.operation}`, t(`verbs:verb.${one.operation}.label`, one.operation)),
                <Tag
                  key="outcome"
                  color={one.outcome === "refused" ? "red" : one.outcome === "revealed" ? "orange" : "default"}
                >
                  {t(`audit:outcome.${one.outcome}`, one.outcome)}
                </Tag>,
                [one.detail, one.code].filter(Boolean).join(" · "),
                one.reason,
              ],
            }))}
          />
          {pages.hasNextPage && (
            <Button block loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {t("accesses.more")}
            </Button>
          )}
        </>
      )}
    </Answer>
  );
}
