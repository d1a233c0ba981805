import { LinkOutlined } from "@ant-design/icons";
import { Checkbox, Tag } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "react-router";
import { useEvents } from "@/kit/order";
import type { Actor, EventLine, Order } from "@/kit/sentences";
import { happenedAt, IMPORTED, useSentences } from "@/kit/sentences";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { EventDetails } from "./EventDetails";

const BAD = ["ClockBreached", "DeadEndRaised", "DepartmentAbsent", "OrderEscalated"];

/** The seq that an address such as `#e7` names; 0 for none. */
export const seqIn = (hash: string): number => Number(/^#e(\d+)$/.exec(hash)?.[1] ?? 0);

function One({
  event,
  order,
  zone,
  fresh,
  named,
}: {
  event: EventLine;
  order: Order;
  zone: string;
  fresh: boolean;
  named: boolean;
}) {
  const { t } = useTranslation(["order", "verbs"]);
  const { say, title, person } = useSentences(order, zone);
  const actor = event.actor as Actor;
  const tone = BAD.includes(event.type) ? "bad" : actor.role === "system" ? "quiet" : "";
  const [open, setOpen] = useState(named);
  useEffect(() => {
    if (named) document.getElementById(`e${event.seq}`)?.scrollIntoView({ block: "center" });
  }, [named, event.seq]);
  return (
    <li
      id={`e${event.seq}`}
      className={`event ${tone} ${named ? "named" : ""}`}
      aria-label={t("timeline.seq", { seq: event.seq })}
    >
      <div className="event-line">
        <Instant at={happenedAt(event)} zone={zone} />
        <strong>{title(event.type)}</strong>
        {IMPORTED.includes(event.type) && <Tag>{t("timeline.imported")}</Tag>}
        {fresh && <Tag color="blue">{t("timeline.new")}</Tag>}
        <a href={`#e${event.seq}`} aria-label={`${t("timeline.link")} ${event.seq}`} className="no-print">
          <LinkOutlined aria-hidden />
        </a>
      </div>
      <div className="sentence">
        {say(event)}
        {actor.id && !["system", "customer"].includes(actor.role ?? "") && !say(event).includes(person(actor.id)) && (
          <span className="quiet"> — {person(actor.id)}</span>
        )}
      </div>
      {event.reason && <div className="reason">{t("timeline.reason", { reason: event.reason })}</div>}
      <details className="no-print" open={open} onToggle={(toggled) => setOpen(toggled.currentTarget.open)}>
        <summary>{t("timeline.details")}</summary>
        {open && <EventDetails event={event} order={order} zone={zone} />}
      </details>
    </li>
  );
}

/** What happened, event by event in plain words, with what each is made of on demand. */
export function Timeline({ order, zone, seen }: { order: Order; zone: string; seen: number }) {
  const { t } = useTranslation("order");
  const named = seqIn(useLocation().hash);
  const events = useEvents(order.id);
  const [newest, setNewest] = useState(true);
  const [people, setPeople] = useState(false);
  return (
    <Answer of={events} empty={t("timeline.empty")}>
      {(found) => {
        const shown = found.filter(
          (event) => !people || (event.actor as Actor).role !== "system" || event.seq === named,
        );
        return (
          <>
            <p className="no-print">
              <Checkbox checked={newest} onChange={(event) => setNewest(event.target.checked)}>
                {t("timeline.newest")}
              </Checkbox>
              <Checkbox checked={people} onChange={(event) => setPeople(event.target.checked)}>
                {t("timeline.only")}
              </Checkbox>
            </p>
            <ol className="timeline" reversed={newest}>
              {(newest ? shown.toReversed() : shown).map((event) => (
                <One
                  key={`${event.seq}${event.seq === named}`}
                  event={event}
                  order={order}
                  zone={zone}
                  fresh={event.seq > seen}
                  named={event.seq === named}
                />
              ))}
            </ol>
          </>
        );
      }}
    </Answer>
  );
}
