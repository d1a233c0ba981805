import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Table } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { paths } from "@/api/schema";
import { api, data, type Schemas } from "./api";
import { useNames } from "./names";
import { Answer } from "./states";
import { LevelTag, StateTag } from "./tags";
import { Countdown, Instant } from "./time";

export type OrderLine = Schemas["OrderLine"];
export type OrderFilters = Omit<NonNullable<paths["/v1/orders"]["get"]["parameters"]["query"]>, "cursor" | "limit">;

export interface OrdersTableProps {
  filters: OrderFilters;
  /** The chosen orders, where they may be chosen. */
  selected?: readonly string[];
  onSelect?: (orders: OrderLine[]) => void;
}

/** The orders that one sees, by these filters; more are read as one scrolls. */
export function OrdersTable({ filters, selected, onSelect }: OrdersTableProps) {
  const { t } = useTranslation("kit");
  const names = useNames();
  const go = useNavigate();
  const pages = useInfiniteQuery({
    queryKey: ["orders", filters],
    queryFn: ({ pageParam }) =>
      data(api.GET("/v1/orders", { params: { query: { ...filters, cursor: pageParam, limit: 100 } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
  });
  const answer = { ...pages, data: pages.data?.pages.flatMap((page) => page.items) };
  return (
    <Answer of={answer} empty={t("none")}>
      {(items) => (
        <>
          <Table<OrderLine>
            rowKey="order_id"
            size="small"
            pagination={false}
            dataSource={items}
            onRow={(line) => ({ onDoubleClick: () => void go(`/orders/${line.order_id}`) })}
            {...(onSelect && {
              rowSelection: {
                selectedRowKeys: [...(selected ?? [])],
                onChange: (_: unknown, lines: OrderLine[]) => onSelect(lines),
              },
            })}
            columns={[
              {
                title: t("orders.number"),
                render: (_, line) => <Link to={`/orders/${line.order_id}`}>{line.order_id}</Link>,
              },
              { title: t("orders.title"), dataIndex: "title", ellipsis: true },
              { title: t("orders.state"), render: (_, line) => <StateTag state={line.state} /> },
              { title: t("orders.level"), render: (_, line) => <LevelTag level={line.level} /> },
              { title: t("orders.lead"), render: (_, line) => names.unit(line.lead_unit || line.province) },
              {
                title: t("orders.due"),
                render: (_, line) => <Countdown due={line.due_at} zone={names.zone(line.province)} />,
              },
              { title: t("orders.registered"), render: (_, line) => <Instant at={line.registered_at} /> },
            ]}
          />
          {pages.hasNextPage && (
            <Button block loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {t("more")}
            </Button>
          )}
        </>
      )}
    </Answer>
  );
}
