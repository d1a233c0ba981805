import { useEffect, useRef, useState } from "react";
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

export type Go = (to: number | ((now: number) => number)) => void;

/**
 * Where in the history one is, from the page's address: `?seq=`, or `?at=` an instant; by default at its end. The address
 * follows once one has come to rest, as what is asked of the server does.
 */
function usePlace(events: PartProps["events"]): [number, number, Go] {
  const [address, setAddress] = useSearchParams();
  const last = events.at(-1)?.seq ?? 1;
  const within = (seq: number) => Math.min(Math.max(1, Math.trunc(seq)), last);
  const at = address.get("at");
  const named = within(Number(address.get("seq")) || (at && !Number.isNaN(Date.parse(at)) ? seqAt(events, at) : last));
  const [seq, setSeq] = useState(named);
  const written = useRef(named);
  const [settled, setSettled] = useState(named);
  useEffect(() => {
    if (named === written.current) return;
    written.current = named;
    setSeq(named);
  }, [named]);
  useEffect(() => {
    const later = setTimeout(() => {
      setSettled(seq);
      if (seq === written.current) return;
      written.current = seq;
      setAddress(
        (now) => {
          const next = new URLSearchParams(now);
          next.delete("at");
          next.set("seq", String(seq));
          return next;
        },
        { replace: true },
      );
    }, CALM);
    return () => clearTimeout(later);
    // oxlint-disable-next-line react/exhaustive-deps -- only coming to rest at another event writes it
  }, [seq]);
  const go: Go = (to) => setSeq((now) => within(typeof to === "function" ? to(now) : to));
  return [seq, settled, go];
}

/** The order's history: every event, any moment of it, and how the order stood then beside how it stands today. */
export function History({ order, events, zone }: PartProps) {
  const { t } = useTranslation("audit");
  const [seq, settled, go] = usePlace(events);
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
