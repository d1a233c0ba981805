import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import { useExact } from "../useExact";
import { Changes } from "./Changes";
import { type Axis, useInboxBetween, useInboxThen } from "./data";
import { Table } from "./Table";

/** What a unit had before it at an instant, the most urgent first. */
export function InboxThen({ unit, at, by }: { unit: string; at: string; by: Axis }) {
  const { t } = useTranslation(["past", "verbs"]);
  const names = useNames();
  const exact = useExact(names.zone(""));
  const found = useInboxThen(unit, at, by);
  return (
    <Answer of={found} empty={t("past.none")}>
      {(inbox) => (
        <>
          <h2>{t("past.inbox", { unit: names.unit(inbox.unit), at: exact(inbox.at), count: inbox.total })}</h2>
          <p>{t("whole", { at: exact(inbox.known_up_to) })}</p>
          <Table
            label={t("past.tasks")}
            heads={["order", "role", "status", "level", "due", "owed"].map((head) => t(`head.${head}`))}
            lines={inbox.items.map((one) => ({
              key: `${one.order_id} ${one.subject}`,
              cells: [
                <Link key="order" to={`/audit/${one.order_id}`}>
                  {one.order_id}
                </Link>,
                t(`verbs:unit_role.${one.role}`, one.role),
                t(`verbs:${one.kind === "whistle" ? "presence" : "part"}.${one.status}`, one.status),
                one.level,
                exact(one.due_at),
                one.owed.map((debt) => t(`verbs:clock.${debt.kind}`, debt.kind)).join(", ") || "—",
              ],
            }))}
          />
        </>
      )}
    </Answer>
  );
}

/** What came into a unit's inbox, left it or changed in it between two instants. */
export function InboxBetween({ unit, from, to, by }: { unit: string; from: string; to: string; by: Axis }) {
  const { t } = useTranslation("past");
  const names = useNames();
  const exact = useExact(names.zone(""));
  const found = useInboxBetween(unit, from, to, by);
  return (
    <Answer of={found} empty={t("past.none")}>
      {(span) => (
        <>
          <h2>{t("past.between", { what: names.unit(span.unit), from: exact(span.from), to: exact(span.to) })}</h2>
          <Table
            label={t("past.tasks")}
            heads={["order", "how", "changes"].map((head) => t(`head.${head}`))}
            lines={span.items.map((one) => ({
              key: `${one.order_id} ${one.subject}`,
              cells: [
                <Link key="order" to={`/audit/${one.order_id}`}>
                  {one.order_id}
                </Link>,
                t(`how.${one.how}`),
                <Changes key="changes" of={one.changes} />,
              ],
            }))}
          />
        </>
      )}
    </Answer>
  );
}
