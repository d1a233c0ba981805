import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { PartProps } from "./part";
import { Scrubber } from "./Scrubber";
import { Standing } from "./Standing";
import { Timeline } from "./Timeline";

const CALM = 150;

/** The last event that had happened by an instant; 1 for an instant before the first. */
export function seqAt(events: PartProps["events"], at: string): number {
  const instant = Date.parse(at);
  const next = events.findIndex((event) => Date.parse(event.at) > instant);
  return Math.max(1, events[(next < 0 ? events.length : next) - 1]?.seq ?? 1);
}

/** Where in the history one is, from the page's address: `?seq=`, or `?at=` an instant; by default at its end. */
function usePlace(events: PartProps["events"]): [number, (seq: number) => void] {
  const [address, setAddress] = useSearchParams();
  const last = events.at(-1)?.seq ?? 1;
  const at = address.get("at");
  const named = Number(address.get("seq")) || (at && !Number.isNaN(Date.parse(at)) ? seqAt(events, at) : last);
  const seq = Math.min(Math.max(1, Math.trunc(named)), last);
  const go = (wanted: number) =>
    setAddress(
      (now) => {
        const next = new URLSearchParams(now);
        next.delete("at");
        next.set("seq", String(Math.min(Math.max(1, wanted), last)));
        return next;
      },
      { replace: true },
    );
  return [seq, go];
}

/** The order's history: every event, any moment of it, and how the order stood then beside how it stands today. */
export function History({ order, events, zone }: PartProps) {
  const { t } = useTranslation("audit");
  const [seq, go] = usePlace(events);
  const [settled, setSettled] = useState(seq);
  useEffect(() => {
    const later = setTimeout(() => setSettled(seq), CALM);
    return () => clearTimeout(later);
  }, [seq]);
  return (
    <>
      <Scrubber events={events} seq={seq} go={go} zone={zone} order={order} />
      <div className="audit-columns">
        <section aria-label={t("history.events")} className="audit-scroll">
          <Timeline order={order} events={events} zone={zone} seq={seq} go={go} />
        </section>
        <section aria-label={t("history.standing")}>
          <Standing order={order} seq={settled} zone={zone} />
        </section>
      </div>
    </>
  );
}
