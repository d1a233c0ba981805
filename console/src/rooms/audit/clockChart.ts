import type { EChartsCoreOption } from "echarts/core";
import type { Going, Lifeline, Mark } from "./lifelines";

/** What the chart needs to say in words. */
export interface Said {
  name: (life: Lifeline) => string;
  going: (going: Going) => string;
  change: (change: string) => string;
  due: string;
  firstDue: string;
  at: (instant: number) => string;
}

/** Told by height and pattern besides colour: standing still is a thin outlined bar, late a bar with an edge. */
export const LOOKS: Record<Going, { fill: string; stroke: string; height: number; dash: number[] }> = {
  running: { fill: "#4c8fd6", stroke: "#1f5f9f", height: 0.5, dash: [] },
  paused: { fill: "#ffffff", stroke: "#5d6875", height: 0.2, dash: [4, 3] },
  answered: { fill: "#d9c8f0", stroke: "#6b3fa0", height: 0.32, dash: [] },
  late: { fill: "#d4493f", stroke: "#7d1510", height: 0.72, dash: [] },
};

export const GLYPHS: Record<string, string> = {
  warned: "▲", breached: "✕", climbed: "↑", dead_end: "⚑", extended: "→", retimed: "↻", met: "✓", cancelled: "⊘",
  expired: "◷", paused: "‖", resumed: "▸", answered: "◇", started: "●",
}; // prettier-ignore

interface Coordinates {
  value: (dimension: number) => number;
  coord: (point: [number, number]) => [number, number];
  size: (extent: [number, number]) => [number, number];
}

interface Tip {
  dataIndex: number;
  seriesId?: string;
}

/** Pixels a limit takes; where the page is narrow its name stands above its bar. */
export const rowHeight = (narrow: boolean): number => (narrow ? 52 : 36);

/** What is in sight at first: all that has been, and a little of what is to come; a limit in weeks would squeeze the rest. */
function opening(lives: readonly Lifeline[]): { startValue: number; endValue: number } {
  const ends = lives.flatMap(({ stretches }) => stretches.map(({ to }) => to));
  const [begin, end] = [Math.min(...lives.map(({ begin: at }) => at)), Math.max(...ends)];
  return { startValue: begin, endValue: end + (end - begin) / 8 };
}

/** Every clock's life as a bar: how it went, what became of it, when it was due. */
export function clockChart(
  lives: readonly Lifeline[],
  said: Said,
  here: number | null,
  narrow: boolean,
): EChartsCoreOption {
  const stretches = lives.flatMap((life, row) => life.stretches.map((stretch) => ({ life, row, stretch })));
  const marks: { life: Lifeline; row: number; mark: Mark }[] = lives.flatMap((life, row) =>
    life.marks.filter(({ change }) => change !== "started").map((mark) => ({ life, row, mark })),
  );
  const dues = lives.map((life, row) => ({ life, row }));
  const [lower, thinner] = narrow ? [9, 0.6] : [0, 1];
  const bar = (_: unknown, api: Coordinates) => {
    const [row, from, to, look] = [api.value(0), api.value(1), api.value(2), api.value(3)];
    const { fill, stroke, height, dash } = Object.values(LOOKS)[look] ?? LOOKS.running;
    const [left, centre] = api.coord([from, row]);
    const middle = centre + lower;
    const [right] = api.coord([to, row]);
    const tall = (api.size([0, 1])[1] ?? 36) * height * thinner;
    const shape = { x: left, y: middle - tall / 2, width: Math.max(right - left, 2), height: tall };
    return { type: "rect", shape, style: { fill, stroke, lineWidth: 1, lineDash: dash } };
  };
  const glyph = (parameters: { dataIndex: number }, api: Coordinates) => {
    const [x, y] = api.coord([api.value(1), api.value(0)]);
    const text = GLYPHS[marks[parameters.dataIndex]?.mark.change ?? ""] ?? "•";
    return {
      type: "text",
      x,
      y: y - 1 + lower,
      style: {
        text,
        align: "center",
        verticalAlign: "middle",
        fontSize: 14,
        fill: "#10151d",
        stroke: "#fff",
        lineWidth: 3,
      },
    };
  };
  const limit = (_: unknown, api: Coordinates) => {
    const tall = (api.size([0, 1])[1] ?? 36) * 0.92 * thinner;
    const line = (at: number, dash: number[]) => {
      const [x, centre] = api.coord([at, api.value(0)]);
      const y = centre + lower;
      return { type: "line", shape: { x1: x, x2: x, y1: y - tall / 2, y2: y + tall / 2 }, style: { stroke: "#10151d", lineWidth: 2, lineDash: dash } }; // prettier-ignore
    };
    const [due, first] = [api.value(1), api.value(2)];
    return { type: "group", children: due === first ? [line(due, [])] : [line(due, []), line(first, [2, 3])] };
  };
  const tip = ({ seriesId, dataIndex }: Tip): string => {
    if (seriesId === "bars") {
      const found = stretches[dataIndex];
      if (!found) return "";
      const { life, stretch } = found;
      return `${said.name(life)}\n${said.going(stretch.going)}\n${said.at(stretch.from)} – ${said.at(stretch.to)}`;
    }
    if (seriesId === "marks") {
      const found = marks[dataIndex];
      return found
        ? `${said.name(found.life)}\n${said.change(found.mark.change)} (${found.mark.seq})\n${said.at(found.mark.at)}`
        : "";
    }
    const life = dues[dataIndex]?.life;
    if (!life) return "";
    const first = life.due === life.firstDue ? "" : `\n${said.firstDue}: ${said.at(life.firstDue)}`;
    return `${said.name(life)}\n${said.due}: ${said.at(life.due)}${first}`;
  };
  const looks = Object.keys(LOOKS);
  return {
    grid: { left: narrow ? 8 : 190, right: 20, top: 12, bottom: 64, containLabel: false },
    tooltip: { renderMode: "richText", confine: true, formatter: tip },
    xAxis: { type: "time", axisLabel: { hideOverlap: true, color: "#1c2330" }, splitLine: { show: true } },
    yAxis: {
      type: "category",
      inverse: true,
      data: lives.map(said.name),
      axisTick: { show: false },
      axisLabel: narrow
        ? {
            inside: true,
            align: "left",
            verticalAlign: "bottom",
            padding: [0, 0, 9, 2],
            color: "#1c2330",
            fontSize: 11,
          }
        : { width: 176, overflow: "truncate", color: "#1c2330" },
      z: 3,
    },
    dataZoom: [{ type: "slider", height: 22, bottom: 8, filterMode: "none", labelFormatter: "", ...opening(lives) }],
    series: [
      {
        id: "bars",
        type: "custom",
        renderItem: bar,
        encode: { x: [1, 2], y: 0 },
        clip: true,
        data: stretches.map(({ row, stretch }) => [row, stretch.from, stretch.to, looks.indexOf(stretch.going)]),
        markLine:
          here === null
            ? undefined
            : { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: "#10151d", type: "dotted" }, data: [{ xAxis: here }] }, // prettier-ignore
      },
      { id: "dues", type: "custom", renderItem: limit, encode: { x: [1, 2], y: 0 }, clip: true, data: dues.map(({ life, row }) => [row, life.due, life.firstDue]) }, // prettier-ignore
      { id: "marks", type: "custom", renderItem: glyph, encode: { x: 1, y: 0 }, clip: true, data: marks.map(({ row, mark }) => [row, mark.at]) }, // prettier-ignore
    ],
  };
}
