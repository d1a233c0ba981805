import { Button, Popconfirm, Segmented } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useParams } from "react-router";
import { useNames } from "@/kit/names";
import { Page } from "@/kit/Page";
import { usePeople } from "@/kit/people";
import { useMe } from "@/kit/session";
import { Answer, Nothing } from "@/kit/states";
import { Colleagues } from "./Colleagues";
import { Detail } from "./Detail";
import "./inbox.css";
import { Row } from "./Row";
import { atOnce, type Group, GROUP_NAMES, isIn, keyOf, nextVerb, type Task, useInbox } from "./tasks";
import { useDeeds } from "./useDeeds";

/** What the department owes now: signed, contacted, reported in, replied, by the nearest limit. */
export default function Inbox() {
  const { t } = useTranslation(["inbox", "kit", "verbs"]);
  const me = useMe();
  const names = useNames();
  const people = usePeople(me.province);
  const go = useNavigate();
  const [order, subject] = (useParams()["*"] ?? "").split("/");
  const pages = useInbox(me.unit);
  const [group, setGroup] = useState<Group | "all">("all");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const { deeds, last, does } = useDeeds();
  const tasks = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  const counts = useMemo(() => counted(tasks ?? []), [tasks]);
  const zone = names.zone(me.unit);
  const myself = t("myself", { name: names.of(me), unit: names.unit(me.unit) });
  const shown = (tasks ?? []).filter((task) => group === "all" || isIn(task, group));
  const ready = shown.filter((task) => chosen.has(keyOf(task)) && nextVerb(task) && atOnce(task, nextVerb(task) ?? ""));
  // An entry that is still listed says itself what became of it.
  const toldAbove = !shown.some((task) => deeds.get(keyOf(task)) === last);
  const more = pages.hasNextPage ? "+" : "";

  async function doAll() {
    setChosen(new Set());
    for (const task of ready) {
      const verb = nextVerb(task) ?? "";
      await does(task, verb, atOnce(task, verb) ?? {});
    }
  }

  const open = order && tasks?.find((task) => task.order_id === order && (!subject || task.subject === subject));
  return (
    <Page
      title={t("kit:room.inbox")}
      actions={
        <Popconfirm
          title={t("at_once.title", { count: ready.length })}
          description={
            <ul className="inbox-preview">
              {ready.map((task) => (
                <li key={keyOf(task)}>
                  {t(`verbs:verb.${nextVerb(task)}.label`)} · {task.order_id}
                </li>
              ))}
            </ul>
          }
          onConfirm={() => void doAll()}
          disabled={ready.length === 0}
        >
          <Button disabled={ready.length === 0}>{t("at_once.button", { count: ready.length })}</Button>
        </Popconfirm>
      }
    >
      <p className="inbox-unit">
        {names.unit(me.unit)} · {t("sorted")}
      </p>
      <div className="inbox-groups">
        <Segmented<Group | "all">
          aria-label={t("groups")}
          value={group}
          onChange={setGroup}
          options={(["all", ...GROUP_NAMES] as const).map((name) => ({
            value: name,
            label: `${t(`group.${name}`)} ${counts[name]}${more}`,
          }))}
        />
      </div>
      <div role="status" className="inbox-last" aria-live="polite">
        {toldAbove &&
          last &&
          `${last.orderId}: ${last.state === "done" ? t(`verbs:verb.${last.verb}.done`) : t(`verbs:refusal.${last.problem?.code}`, last.problem?.title ?? "")}`}
      </div>
      <Answer of={{ ...pages, data: tasks }} empty={t("empty")}>
        {() => (
          <>
            {shown.length === 0 && <Nothing>{t("empty_group")}</Nothing>}
            <ul className="inbox-list">
              {shown.map((task) => (
                <Row
                  key={keyOf(task)}
                  task={task}
                  zone={zone}
                  name={people.name}
                  deed={deeds.get(keyOf(task))}
                  does={does}
                  selected={chosen.has(keyOf(task))}
                  onSelect={(one) => setChosen(changed(chosen, keyOf(task), one))}
                />
              ))}
            </ul>
            {pages.hasNextPage && (
              <Button block loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                {t("kit:more")}
              </Button>
            )}
          </>
        )}
      </Answer>
      <Colleagues unit={me.unit} tasks={tasks ?? []} />
      {order && tasks && (
        <Detail
          task={open || undefined}
          orderId={order}
          deed={open ? deeds.get(keyOf(open)) : undefined}
          does={does}
          myself={myself}
          name={people.name}
          onClose={() => void go("/inbox")}
        />
      )}
    </Page>
  );
}

function counted(tasks: Task[]): Record<Group | "all", number> {
  const found = Object.fromEntries(GROUP_NAMES.map((name) => [name, tasks.filter((task) => isIn(task, name)).length]));
  return { ...found, all: tasks.length } as Record<Group | "all", number>;
}

function changed(before: ReadonlySet<string>, key: string, chosen: boolean): ReadonlySet<string> {
  const after = new Set(before);
  if (chosen) after.add(key);
  else after.delete(key);
  return after;
}
