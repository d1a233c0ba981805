import { Card, Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { OrderView } from "@/kit/command";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import { usePeople } from "@/kit/people";
import { useSentences } from "@/kit/sentences";
import { Nothing } from "@/kit/states";
import { Countdown, Instant } from "@/kit/time";
import { Facts, Grid } from "./Facts";

const THERE = ["reported_in", "done", "rated"];

/** Every whistle: its kind and matter, who was summoned, who is there and since when, who is absent, and the ratings. */
export function Whistles({ view }: { view: OrderView }) {
  const { t } = useTranslation(["order", "verbs"]);
  const names = useNames();
  const { order } = view;
  const labels = useLabels(order.policy_version);
  const people = usePeople(order.province);
  const zone = names.zone(order.province);
  const { value } = useSentences(order, zone);
  if (!order.whistles.length) return <Nothing>{t("whistles.none")}</Nothing>;
  const waiting = (id: string, unit: string) =>
    Object.values(order.clocks ?? {})
      .filter((clock) => clock.kind.startsWith("whistle_") && clock.unit === unit && clock.key.includes(`/${id}.`))
      .sort((a, b) => a.due_at.localeCompare(b.due_at))[0];
  return order.whistles.toReversed().map((whistle) => {
    const there = whistle.attendances.filter((one) => THERE.includes(one.status)).length;
    return (
      <Card
        key={whistle.id}
        size="small"
        className="spaced"
        title={
          <h3 className="card-heading">
            {t("verbs:word.whistle", { id: whistle.id })} · {t(`verbs:kind.${whistle.kind}`)} ·{" "}
            {labels.of("whistle_matters", whistle.matter)}
          </h3>
        }
        extra={
          <Tag color={whistle.status === "ended" ? "default" : "volcano"}>{t(`verbs:blow.${whistle.status}`)}</Tag>
        }
      >
        <Facts
          of={[
            [t("whistles.asked"), people.name(whistle.requested_by)],
            [t("whistles.lead"), names.unit(whistle.lead || view.lead)],
            [t("whistles.blown"), whistle.blown_at && <Instant key="at" at={whistle.blown_at} zone={zone} />],
            [t("whistles.blows"), whistle.blows > 1 ? String(whistle.blows) : ""],
            [
              t("whistles.valid"),
              whistle.valid == null ? "" : t(`verbs:choice.review_whistle.valid.${whistle.valid ? "yes" : "no"}`),
            ],
            [t("whistles.reported"), t("whistles.progress", { there, all: whistle.attendances.length })],
          ]}
        />
        <Grid
          label={t("verbs:word.whistle", { id: whistle.id })}
          head={["unit", "status", "left", "summoned", "reported", "rating"].map((one) => t(`whistles.${one}`))}
          rows={whistle.attendances.map((one) => {
            const clock = waiting(whistle.id, one.unit);
            return {
              key: one.unit,
              cells: [
                <strong key="unit">{names.unit(one.unit)}</strong>,
                <>
                  <Tag>{t(`verbs:presence.${one.status}`)}</Tag>
                  {one.absent && <Tag color="red">{t("whistles.absent")}</Tag>}
                  {one.substitute && <div>{t("whistles.substitute", { unit: names.unit(one.substitute) })}</div>}
                </>,
                clock ? (
                  <>
                    {t(`verbs:clock.${clock.kind}`)} <Countdown due={clock.due_at} zone={names.zone(one.unit)} />
                  </>
                ) : (
                  "—"
                ),
                <Instant key="summoned" at={one.summoned_at} zone={zone} />,
                <>
                  <Instant at={one.reported_in_at} zone={zone} />{" "}
                  {one.reported_in_by && people.name(one.reported_in_by)}
                </>,
                <>
                  {one.rating ? value("rating", one.rating) : "—"}
                  {one.appeal && <Tag color="orange">{t(`verbs:appeal.${one.appeal}`)}</Tag>}
                </>,
              ],
            };
          })}
        />
      </Card>
    );
  });
}
