import { Button, Drawer } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Chart } from "@/kit/Chart";
import { ClockAccount, useClockAccount } from "@/kit/ClockAccount";
import { useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import { useNow } from "@/kit/time";
import { useNarrow } from "@/kit/useNarrow";
import { Wide } from "@/kit/Wide";
import { clockChart, GLYPHS, LOOKS, rowHeight } from "./clockChart";
import { useDeadlines } from "./data";
import { type Lifeline, lifelines } from "./lifelines";
import type { PartProps } from "./part";
import { useExact } from "./useExact";

const MINUTE = 60_000;

/** Every limit's life as a bar and as a table, and the account of each, hour by hour. */
export function Clocks({ order, events, zone }: PartProps) {
  const { t } = useTranslation(["audit", "verbs"]);
  const names = useNames();
  const narrow = useNarrow();
  const exact = useExact(zone);
  const deadlines = useDeadlines(order.id);
  const [address] = useSearchParams();
  const [asked, setAsked] = useState("");
  const present = Math.floor(useNow() / MINUTE) * MINUTE;
  const latest = Date.parse(events.at(-1)?.at ?? order.registered_at);
  const until = order.over ? latest : Math.max(present, latest); // a rehearsal's time runs ahead of everybody's
  const lives = useMemo(() => lifelines(events, until), [events, until]);
  const seq = address.get("seq");
  const here = useMemo(() => {
    const at = seq ? events.find((event) => event.seq === Number(seq))?.at : undefined;
    return at ? Date.parse(at) : null;
  }, [events, seq]);
  const option = useMemo(() => {
    const name = (life: Lifeline): string =>
      `${t(`verbs:clock.${life.kind}`, life.kind)}${life.unit ? ` · ${names.unit(life.unit)}` : ""}`;
    const said = {
      name,
      going: (going: string) => t(`clocks.going.${going}`),
      change: (change: string) => t(`verbs:change.${change}`),
      due: t("clocks.due"),
      firstDue: t("clocks.first"),
      at: exact,
    };
    return clockChart(lives, said, here, narrow);
  }, [lives, here, narrow, names, exact, t]);
  const minutes = (count: number | null) => (count === null ? "—" : t("minutes", { count: Math.round(count) }));
  return (
    <>
      <ul className="audit-legend" aria-label={t("clocks.legend")}>
        {Object.entries(LOOKS).map(([going, { fill, stroke, height, dash }]) => (
          <li key={going}>
            <svg width="30" height="20" aria-hidden>
              <rect
                x="1"
                y={10 - height * 10}
                width="28"
                height={height * 20}
                fill={fill}
                stroke={stroke}
                strokeDasharray={dash.join(" ")}
              />
            </svg>
            {t(`clocks.going.${going}`)}
          </li>
        ))}
        <li>
          <span aria-hidden>┃</span> {t("clocks.due")} <span aria-hidden>┊</span> {t("clocks.first")}
        </li>
        {["warned", "breached", "climbed", "dead_end", "extended", "met", "cancelled", "expired"].map((change) => (
          <li key={change}>
            <span aria-hidden>{GLYPHS[change]}</span> {t(`verbs:change.${change}`)}
          </li>
        ))}
      </ul>
      <Chart
        option={option}
        label={t("clocks.chart", { count: lives.length })}
        height={lives.length * rowHeight(narrow) + 90}
      />
      <Answer of={deadlines} empty={t("clocks.none")}>
        {(rows) => (
          <Wide className="audit-wide" label={t("clocks.table")}>
            <table className="audit-table audit-broad">
              <caption>{t("clocks.table")}</caption>
              <thead>
                <tr>
                  {["limit", "unit", "rule", "begun", "first", "due", "ended", "how", "worked", "paused"].map(
                    (name) => (
                      <th scope="col" key={name}>
                        {t(`clocks.${name}`)}
                      </th>
                    ),
                  )}
                  <th scope="col" className="no-print">
                    {t("clocks.why")}
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.key} className={row.late ? "audit-late" : ""}>
                    <th scope="row">{t(`verbs:clock.${row.kind}`, row.kind)}</th>
                    <td>{row.unit ? names.unit(row.unit) : "—"}</td>
                    <td>{row.rule || "—"}</td>
                    <td>{exact(row.started_at)}</td>
                    <td>{exact(row.first_due_at)}</td>
                    <td>{exact(row.due_at)}</td>
                    <td>{exact(row.ended_at)}</td>
                    <td>
                      {t(`verbs:change.${row.how}`, row.how)}
                      {row.late && <strong> ✕ {t("clocks.late", { at: exact(row.breached_at) })}</strong>}
                    </td>
                    <td>{minutes(row.worked_minutes)}</td>
                    <td>{minutes(row.paused_minutes)}</td>
                    <td className="no-print">
                      <Button
                        size="small"
                        aria-label={t("clocks.explain", {
                          limit: t(`verbs:clock.${row.kind}`, row.kind),
                          key: row.key,
                        })}
                        onClick={() => setAsked(row.key)}
                      >
                        {t("clocks.why")}
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        )}
      </Answer>
      <Explained orderId={order.id} clock={asked} close={() => setAsked("")} />
    </>
  );
}

function Explained({ orderId, clock, close }: { orderId: string; clock: string; close: () => void }) {
  const { t } = useTranslation("audit");
  const explanation = useClockAccount(orderId, clock);
  return (
    <Drawer open={clock !== ""} onClose={close} title={t("clocks.account", { key: clock })} size={520}>
      {clock && <Answer of={explanation}>{(found) => <ClockAccount of={found} />}</Answer>}
    </Drawer>
  );
}
