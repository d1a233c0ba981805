import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { OrderView } from "@/kit/command";
import { useNames } from "@/kit/names";
import { Countdown } from "@/kit/time";

const SHOWN = 4;

/** What comes next and until when: the limits that run, the nearest first. */
export function Next({ view, onClock, onAll }: { view: OrderView; onClock: (key: string) => void; onAll: () => void }) {
  const { t } = useTranslation(["order", "verbs"]);
  const names = useNames();
  const { order } = view;
  const clocks = Object.values(order.clocks ?? {}).sort((a, b) => a.due_at.localeCompare(b.due_at));
  const lead = view.lead ? names.unit(view.lead) : t("verbs:word.nobody");
  const state = order.state === "closed" && order.final_review ? "closed_final" : order.state;
  return (
    <section className="box" aria-labelledby="next-heading">
      <h2 id="next-heading">{t("next.heading")}</h2>
      <p>{t(`verbs:next.${state}`, { lead })}</p>
      {clocks.length > 0 && (
        <ul className="limits" aria-label={t("next.limits")}>
          {clocks.slice(0, SHOWN).map((clock) => (
            <li key={clock.key}>
              <Button type="link" size="small" onClick={() => onClock(clock.key)}>
                {t(`verbs:clock.${clock.kind}`, clock.kind)}
              </Button>
              <span className="quiet">{clock.unit && names.unit(clock.unit)}</span>
              <Countdown
                due={clock.due_at}
                zone={names.zone(clock.unit || order.province)}
                paused={clock.status === "paused"}
              />
            </li>
          ))}
        </ul>
      )}
      {clocks.length > SHOWN && (
        <Button type="link" size="small" onClick={onAll}>
          {t("next.more", { number: clocks.length - SHOWN })}
        </Button>
      )}
    </section>
  );
}
