import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { OrderView } from "@/kit/command";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import { usePeople } from "@/kit/people";
import { ClassTag, LevelTag, StateTag } from "@/kit/tags";
import { Instant } from "@/kit/time";
import { Facts } from "./Facts";

const TONES: Record<string, string> = { blue: "blue", yellow: "gold", red: "red" };

/** What marks an order, in words: its state, class, level, colour, and whether something is overdue. */
export function Marks({ view }: { view: OrderView }) {
  const { t } = useTranslation(["order", "verbs"]);
  const { order } = view;
  return (
    <span className="marks-line">
      <StateTag state={order.state} />
      <ClassTag of={order.order_class} />
      {order.priority !== "normal" && (
        <Tag color="orange">
          {t("head.priority")} {t(`verbs:priority.${order.priority}`)}
        </Tag>
      )}
      {order.level > 0 && <LevelTag level={order.level} />}
      {order.colour && <Tag color={TONES[order.colour] ?? "default"}>{t(`verbs:colour.${order.colour}`)}</Tag>}
      {view.overdue && <Tag color="red">{t("head.overdue")}</Tag>}
      {order.round > 1 && <Tag>{t("head.round_n", { round: order.round })}</Tag>}
      {order.final_review && <Tag color="volcano">{t("head.final")}</Tag>}
      {order.imported && <Tag color="cyan">{t("head.imported", { imported: order.imported })}</Tag>}
      {order.rehearsal && <Tag color="purple">{t("head.rehearsal")}</Tag>}
    </span>
  );
}

/** What the order is about and where it stands. */
export function Head({ view }: { view: OrderView }) {
  const { t } = useTranslation(["order", "verbs"]);
  const names = useNames();
  const { order } = view;
  const labels = useLabels(order.policy_version);
  const people = usePeople(order.province);
  const zone = names.zone(order.province);
  return (
    <section className="box" aria-label={t("head.more")}>
      <p className="order-title">{order.title}</p>
      <Facts
        of={[
          [t("head.category"), labels.of("categories", order.category)],
          [t("head.lead"), view.lead ? names.unit(view.lead) : t("verbs:word.nobody")],
          [t("head.province"), [names.unit(order.province), order.area].filter(Boolean).join(" · ")],
          [t("head.channel"), t(`verbs:channel.${order.channel}`, order.channel)],
          [t("head.registered"), <Instant key="at" at={order.registered_at} zone={zone} />],
          [
            t("head.by"),
            order.registered_by.startsWith("customer") ? t("verbs:role.customer") : people.name(order.registered_by),
          ],
          [t("head.against"), order.against && names.unit(order.against)],
          [t("head.urges"), order.urges > 0 ? String(order.urges) : ""],
          [t("head.hop"), order.hop > 1 ? String(order.hop) : ""],
          [t("head.outcome"), order.outcome ? t(`verbs:outcome.${order.outcome}`) : ""],
          [t("head.closed"), order.closed_at ? <Instant key="closed" at={order.closed_at} zone={zone} /> : ""],
          [t("head.policy"), order.policy_version],
        ]}
      />
    </section>
  );
}
