import { useQuery } from "@tanstack/react-query";
import { Card, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";
import { useMe } from "@/kit/session";
import { Answer } from "@/kit/states";
import { Instant, useNow } from "@/kit/time";
import type { Task } from "./tasks";

/** For the head of the department: who holds what, who is away, and who stands in. */
export function Colleagues({ unit, tasks }: { unit: string; tasks: Task[] }) {
  const { t } = useTranslation(["inbox", "kit", "verbs"]);
  const me = useMe();
  const head = me.role === "unit_head";
  const people = useQuery({
    queryKey: ["people", unit],
    queryFn: () => data(api.GET("/v1/people", { params: { query: { at: unit } } })),
    enabled: head,
  });
  if (!head) return null;
  const nobody = tasks.filter((task) => task.holders.length === 0 && task.owed.length > 0);
  return (
    <Card title={t("colleagues.title")} size="small" className="spaced">
      <Answer of={people} empty={t("colleagues.none")}>
        {(found) => (
          <ul className="inbox-people">
            {found.map((person) => (
              <Colleague key={person.id} person={person} people={found} tasks={tasks} />
            ))}
            <li>
              <strong>{t("colleagues.unheld")}</strong> <span>{t("colleagues.count", { count: nobody.length })}</span>
            </li>
          </ul>
        )}
      </Answer>
    </Card>
  );
}

function Colleague({
  person,
  people,
  tasks,
}: {
  person: Schemas["Person"];
  people: Schemas["Person"][];
  tasks: Task[];
}) {
  const { t } = useTranslation(["inbox", "kit", "verbs"]);
  const names = useNames();
  const now = useNow();
  const held = tasks.filter((task) => task.holders.includes(person.id));
  const late = held.filter((task) => task.owed.some((owed) => owed.late)).length;
  const away =
    person.away_from &&
    Date.parse(person.away_from) <= now &&
    (!person.away_until || Date.parse(person.away_until) > now);
  const substitute = people.find((one) => one.id === person.substitute);
  return (
    <li>
      <strong>{names.of(person)}</strong> <span className="inbox-quiet">{t(`verbs:role.${person.role}`)}</span>{" "}
      <span>{t("colleagues.count", { count: held.length })}</span>{" "}
      {late > 0 && <Tag color="red">{t("colleagues.late", { count: late })}</Tag>}
      {away && (
        <Tag color="orange">
          {t("colleagues.away")} {person.away_until ? <Instant at={person.away_until} /> : t("colleagues.open_end")}
          {person.substitute &&
            ` · ${t("colleagues.substitute", { name: substitute ? names.of(substitute) : person.substitute })}`}
        </Tag>
      )}
    </li>
  );
}
