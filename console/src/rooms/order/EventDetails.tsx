import { useTranslation } from "react-i18next";
import { useNames } from "@/kit/names";
import type { Actor, EventLine, Order } from "@/kit/sentences";
import { useSentences } from "@/kit/sentences";
import { written } from "@/kit/time";
import { Facts, Grid } from "./Facts";

/** What an event changed from what to what: the field that says what was, and the one that says what is. */
const CHANGED: Record<string, readonly (readonly [was: string, is: string])[]> = {
  OrderRelabelled: [["was", "category"]],
  OrderReprioritised: [["was", "priority"]],
  OrderRetiered: [["was_class", "order_class"], ["was_tier", "tier"]],
  PolicyMigrated: [["was", "version"]],
}; // prettier-ignore
const LEFT_OUT = ["terms", "order_id", "customer", "whistle"];

interface Change {
  key: string;
  change: string;
  clock?: { unit: string; due_at: string } | null;
}

/** An event in full: what it says field by field, what it changed, what became of limits, who and by which policy. */
export function EventDetails({ event, order, zone }: { event: EventLine; order: Order; zone: string }) {
  const { t, i18n } = useTranslation(["order", "verbs"]);
  const { value, who } = useSentences(order, zone);
  const names = useNames();
  const actor = event.actor as Actor;
  const pairs = CHANGED[event.type] ?? [];
  const changed = pairs.flat();
  const fields = Object.entries(event.data).filter(([name]) => !LEFT_OUT.includes(name) && !changed.includes(name));
  const clocks = (event.clocks ?? []) as unknown as Change[];
  return (
    <div className="details">
      {pairs.length > 0 && (
        <Grid
          label={t("timeline.change")}
          head={[t("timeline.change"), t("timeline.before"), t("timeline.after")]}
          rows={pairs.map(([was, is]) => ({
            key: is,
            cells: [
              t(`verbs:datum.${is}`),
              <del key="was">{value(was, event.data[was], event.type)}</del>,
              <ins key="is">{value(is, event.data[is], event.type)}</ins>,
            ],
          }))}
        />
      )}
      <Facts
        of={[
          ...fields.map(([name, given]) => [t(`verbs:datum.${name}`, name), value(name, given, event.type)] as const),
          [t("timeline.actor"), who(actor)],
          [t("timeline.role"), t(`verbs:role.${actor.role ?? "system"}`)],
          [t("timeline.unit"), actor.unit ? names.unit(actor.unit) : ""],
          [t("timeline.policy"), event.policy_version],
          [t("timeline.command"), event.command_id],
        ]}
      />
      {clocks.length > 0 && (
        <>
          <h4>{t("timeline.limits")}</h4>
          <ul className="plain">
            {clocks.map(({ key, change, clock }) => (
              <li key={`${key}${change}`}>
                {value("key", key)} {clock?.unit && names.unit(clock.unit)}: {t(`verbs:change.${change}`)}
                {clock && `, ${t("timeline.due", { at: written(clock.due_at, i18n.language, zone) })}`}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
