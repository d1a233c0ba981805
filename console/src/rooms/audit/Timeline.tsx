import { Tag } from "antd";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useNames } from "@/kit/names";
import { type Actor, type EventLine, useSentences } from "@/kit/sentences";
import type { PartProps } from "./part";
import { useExact } from "./useExact";

interface Props extends PartProps {
  /** Where one is; without it the whole is shown, to be read or printed. */
  seq?: number;
  go?: (seq: number) => void;
}

/** Every event: when, who in which role and for whom, what, why, under which policy, and what became of limits. */
export function Timeline({ order, events, zone, seq, go }: Props) {
  const { t } = useTranslation(["audit", "verbs"]);
  const names = useNames();
  const exact = useExact(zone);
  const sentences = useSentences(order, zone);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const here = list.current?.querySelector("[aria-current]");
    const frame = list.current?.parentElement;
    if (!(here instanceof HTMLElement) || !frame) return;
    const [top, bottom] = [here.offsetTop - frame.offsetTop, here.offsetTop - frame.offsetTop + here.offsetHeight];
    if (top < frame.scrollTop || bottom > frame.scrollTop + frame.clientHeight)
      frame.scrollTo({ top: top - frame.clientHeight / 3 });
  }, [seq]);

  const actor = (event: EventLine): string => {
    const { role = "system", unit = "", id = "" } = event.actor as Actor;
    const parts = [sentences.who(event.actor as Actor), t(`verbs:role.${role}`), unit && names.unit(unit), id];
    return [...new Set(parts.filter(Boolean))].join(" · ");
  };
  const changes = (event: EventLine) =>
    (event.clocks ?? []).map((change) => {
      const key = String(change.key);
      const kind = key.split("/")[0] ?? key;
      return (
        <Tag key={`${key} ${String(change.change)}`} className={`audit-change audit-${String(change.change)}`}>
          {t(`verbs:clock.${kind}`, kind)} · {t(`verbs:change.${String(change.change)}`)}
        </Tag>
      );
    });
  return (
    <ol className="audit-events" ref={list}>
      {events.map((event) => {
        const here = event.seq === seq;
        const body = (
          <>
            <span className="audit-seq">{event.seq}</span>
            <span className="audit-what">
              <span className="audit-title">
                <strong>{sentences.title(event.type)}</strong>
                <time dateTime={event.at}>{exact(event.at)}</time>
                {here && <em className="audit-mark">{t("history.here")}</em>}
              </span>
              <span className="audit-sentence">{sentences.say(event)}</span>
              <span className="audit-quiet">{actor(event)}</span>
              {event.reason && <span className="audit-quiet">{t("history.why", { reason: event.reason })}</span>}
              <span className="audit-quiet">{t("history.policy", { version: event.policy_version })}</span>
              <span>{changes(event)}</span>
            </span>
          </>
        );
        return (
          <li
            key={event.seq}
            className={here ? "audit-now" : seq !== undefined && event.seq > seq ? "audit-later" : ""}
          >
            {go ? (
              <button type="button" aria-current={here ? "step" : undefined} onClick={() => go(event.seq)}>
                {body}
              </button>
            ) : (
              <div className="audit-event">{body}</div>
            )}
          </li>
        );
      })}
    </ol>
  );
}
