import { Card } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart } from "@/kit/Chart";
import type { Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";

const SHOWN = 15;
const ROW = 26;

interface Line {
  name: string;
  open: number;
  overdue: number;
  soon: number;
}

/** What lies with the units, and what is open by channel and by category. */
export function Load({ wall }: { wall: Schemas["Wall"] }) {
  const { t } = useTranslation("wall");
  const { t: word } = useTranslation("verbs");
  const names = useNames();
  const units = wall.units.map((unit) => ({ ...unit, name: names.zh ? unit.zh : unit.en }));
  const channels = wall.channels.map((one) => ({ ...one, soon: 0, name: word(`channel.${one.code}`, one.code) }));
  const categories = wall.categories.map((one) => ({ ...one, soon: 0, name: names.zh ? one.zh : one.en }));
  return (
    <div className="loads">
      <Loads title={t("load.units")} lines={units} soon />
      <Loads title={t("load.channels")} lines={channels} />
      <Loads title={t("load.categories")} lines={categories} />
    </div>
  );
}

function Loads({ title, lines, soon }: { title: string; lines: Line[]; soon?: boolean }) {
  const { t } = useTranslation("wall");
  const top = lines.slice(0, SHOWN);
  const key = JSON.stringify(
    top.map(({ name, open, overdue, soon: near }) => [name, overdue, near, open - overdue - near]),
  );
  const words = JSON.stringify([t("load.overdue"), t("load.soon"), t("load.rest")]);
  const option = useMemo(() => {
    const rows = JSON.parse(key) as [string, number, number, number][];
    const series = (JSON.parse(words) as string[]).map((name, at) => ({
      name,
      type: "bar",
      stack: "open",
      barWidth: 14,
      itemStyle: { color: ["#a8071a", "#d48806", "#7ba3cc"][at] },
      data: rows.map((row) => row[at + 1] ?? 0),
    }));
    return {
      legend: { type: "scroll", top: 0, left: 0, itemHeight: 10 },
      tooltip: { renderMode: "richText", trigger: "axis", axisPointer: { type: "shadow" }, confine: true },
      grid: { left: 8, right: 16, top: 30, bottom: 4, containLabel: true },
      xAxis: { type: "value", minInterval: 1 },
      yAxis: {
        type: "category",
        inverse: true,
        data: rows.map(([name]) => name),
        axisLabel: { width: 150, overflow: "truncate" },
      },
      series: soon ? series : series.filter((_, at) => at !== 1),
    };
  }, [key, words, soon]);
  return (
    <Card size="small" title={<h2>{title}</h2>}>
      {lines.length === 0 ? (
        <p className="wall-none">{t("load.none")}</p>
      ) : (
        <>
          <Chart option={option} height={48 + top.length * ROW} label={title} />
          <details>
            <summary>{t("load.table", { count: lines.length })}</summary>
            {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keys */}
            <div className="load-table" tabIndex={0} role="region" aria-label={title}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{title}</th>
                    <th scope="col">{t("load.open")}</th>
                    <th scope="col">{t("load.overdue")}</th>
                    {soon && <th scope="col">{t("load.soon")}</th>}
                  </tr>
                </thead>
                <tbody>
                  {lines.map((line) => (
                    <tr key={line.name}>
                      <th scope="row">{line.name}</th>
                      <td>{line.open}</td>
                      <td>{line.overdue}</td>
                      {soon && <td>{line.soon}</td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </details>
        </>
      )}
    </Card>
  );
}
