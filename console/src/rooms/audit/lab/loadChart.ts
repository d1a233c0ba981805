import type { EChartsCoreOption } from "echarts/core";
import type { Side } from "./data";

const MEASURES = ["open", "escalations"] as const;

/** Parts open at each day's end and escalations by day, what happened beside what would have been. */
export function loadChart(was: Side, would: Side, said: (what: string) => string): EChartsCoreOption {
  const days = [...new Set([...was.days, ...would.days].map(({ day }) => day))].sort();
  const line = (side: Side, measure: (typeof MEASURES)[number]): (number | null)[] => {
    const known = new Map(side.days.map((row) => [row.day, row]));
    let open = 0;
    return days.map((day) => {
      const row = known.get(day);
      if (row) open = row.open;
      return measure === "open" ? open : (row?.escalations ?? 0);
    });
  };
  const series = MEASURES.flatMap((measure) => [
    { side: was, name: `${said(measure)} · ${said("was")}`, type: "solid", measure },
    { side: would, name: `${said(measure)} · ${said("would")}`, type: "dashed", measure },
  ]);
  const colours = { open: "#1f5f9f", escalations: "#a8201a" };
  return {
    legend: { top: 0 },
    grid: { left: 48, right: 16, top: 48, bottom: 56 },
    xAxis: { type: "category", data: days },
    yAxis: { type: "value", minInterval: 1 },
    tooltip: { trigger: "axis", renderMode: "richText" },
    dataZoom: [{ type: "slider", bottom: 8, height: 18 }],
    series: series.map(({ side, name, type, measure }) => ({
      name,
      type: "line",
      showSymbol: false,
      lineStyle: { type, color: colours[measure] },
      itemStyle: { color: colours[measure] },
      data: line(side, measure),
    })),
  };
}
