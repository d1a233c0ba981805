import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { send } from "@/kit/api";
import { useNames } from "@/kit/names";
import type { Order } from "@/kit/sentences";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { Grid } from "./Facts";

interface Told {
  id: string;
  seq: number;
  channel: string;
  to_zh: string;
  to_en: string;
  title_zh: string;
  title_en: string;
  state: string;
  created_at: string;
  read_at: string | null;
}

/** Whom the system told of what, by which way, and whether it arrived. */
export function Notices({ order }: { order: Order }) {
  const { t } = useTranslation("order");
  const names = useNames();
  const found = useQuery({
    queryKey: ["order", order.id, "notices"],
    queryFn: () => send<{ items: Told[] }>("GET", `/v1/orders/${order.id}/notices`),
  });
  return (
    <Answer of={{ ...found, data: found.data?.items }} empty={t("notices.none")}>
      {(items) => (
        <Grid
          label={t("tab.notices")}
          head={["at", "to", "title", "channel", "state"].map((one) => t(`notices.${one}`))}
          rows={items.map((one) => ({
            key: one.id,
            cells: [
              <Instant key="at" at={one.created_at} zone={names.zone(order.province)} />,
              names.zh ? one.to_zh : one.to_en,
              <a key="title" href={`#e${one.seq}`}>
                {names.zh ? one.title_zh : one.title_en}
              </a>,
              t(`notices.channels.${one.channel}`, one.channel),
              <Tag key="state">{t(`notices.states.${one.read_at ? "read" : one.state}`, one.state)}</Tag>,
            ],
          }))}
        />
      )}
    </Answer>
  );
}
