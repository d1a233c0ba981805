import { Alert, Progress } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart } from "@/kit/Chart";
import { useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import { Differences } from "./Differences";
import { going, type Report, useRun } from "./data";
import { loadChart } from "./loadChart";
import { grouped, rates, totals } from "./rows";
import { Sides } from "./Sides";

/** A run: how far it has come, then both sides. */
export function Result({ id }: { id: string }) {
  const { t } = useTranslation("lab");
  const run = useRun(id);
  return (
    <section aria-label={t("result")}>
      <h2>{t("result")}</h2>
      <Answer of={run}>
        {({ run: head, report }) => (
          <>
            <p role="status">
              {t(`state.${head.state}`)} · {head.policy || t("recorded")} ·{" "}
              {t("progress", { done: head.done, total: head.total })}
            </p>
            {going(head) && (
              <Progress
                aria-label={t("state.running")}
                percent={head.total ? Math.round((100 * head.done) / head.total) : 0}
              />
            )}
            {head.error && <Alert type="error" showIcon title={head.error} />}
            {report && <Told id={id} report={report} />}
          </>
        )}
      </Answer>
    </section>
  );
}

function Told({ id, report }: { id: string; report: Report }) {
  const { t } = useTranslation(["lab", "verbs"]);
  const names = useNames();
  const option = useMemo(() => loadChart(report.was, report.would, (what) => t(what)), [report, t]);
  const orders = report.orders;
  return (
    <>
      <p>
        {t("summary", {
          orders: orders["orders"],
          same: orders["same"],
          whole: orders["whole"],
          newly: orders["newly_breached"],
          less: orders["no_longer_breached"],
          earlier: orders["due_earlier"],
          later: orders["due_later"],
          hours: report.due_moved_hours,
        })}
      </p>
      {Object.entries(report.unplayable).map(([why, count]) => (
        <Alert key={why} type="warning" showIcon title={t("unplayable", { count, why: t(`why.${why}`, why) })} />
      ))}
      <Sides title={t("totals")} rows={totals(report, (what) => t(`total.${what}`))} />
      <Sides title={t("rates")} rows={rates(report, (what) => t(`rate.${what}`))} />
      <Chart option={option} label={t("chart")} height={300} />
      <Sides title={t("byKind")} rows={grouped(report, "breaches_by_kind", (kind) => t(`verbs:clock.${kind}`, kind))} />
      <Sides title={t("byUnit")} rows={grouped(report, "breaches_by_unit", (unit) => names.unit(unit) || "—")} />
      <Sides title={t("byLevel")} rows={grouped(report, "escalations_by_level", (level) => t("level", { level }))} />
      <Sides
        title={t("raisedUnits")}
        rows={grouped(report, "escalations_by_unit", (unit) => names.unit(unit) || "—")}
      />
      <h3>{t("commands")}</h3>
      <ul>
        {Object.entries(report.commands)
          .filter(([, count]) => count > 0)
          .map(([how, count]) => (
            <li key={how}>
              {t(`how.${how}`)}: {count}
            </li>
          ))}
      </ul>
      <Differences id={id} />
    </>
  );
}
