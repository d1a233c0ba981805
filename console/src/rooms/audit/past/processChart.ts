import type { EChartsCoreOption } from "echarts/core";
import type { Picture } from "./data";

type Drawn = Picture["process"]["picture"];

const MOST_EDGES = 40;

/** In which row an activity stands: one below the earliest that leads to it, as the most travelled ways have it. */
export function rows(drawn: Pick<Drawn, "nodes" | "edges">): Map<string, number> {
  const found = new Map<string, number>();
  const first = drawn.nodes.filter((node) => node.starts > 0).map((node) => node.activity);
  let rank = 0;
  let here = first.length > 0 ? first : drawn.nodes.slice(0, 1).map((node) => node.activity);
  while (here.length > 0) {
    for (const activity of here) found.set(activity, rank);
    rank += 1;
    const next = new Set<string>();
    for (const edge of drawn.edges.slice(0, MOST_EDGES))
      if (here.includes(edge.source) && !found.has(edge.target)) next.add(edge.target);
    here = [...next];
  }
  return found;
}

/** The directly-follows graph: wider lines were taken more often; beside each its count and median time. */
export function processChart(
  drawn: Drawn,
  name: (activity: string) => string,
  said: (n: number, median: number) => string,
): { option: EChartsCoreOption; height: number } {
  const rank = rows(drawn);
  const shown = drawn.nodes.filter((node) => rank.has(node.activity));
  const wide = new Map<number, number>();
  const placed = shown.map((node) => {
    const row = rank.get(node.activity) ?? 0;
    const column = wide.get(row) ?? 0;
    wide.set(row, column + 1);
    return { node, row, column };
  });
  const most = Math.max(1, ...drawn.edges.map((edge) => edge.times.n));
  const width = Math.max(1, ...wide.values());
  const depth = Math.max(1, wide.size);
  const option: EChartsCoreOption = {
    animation: false,
    series: [
      {
        type: "graph",
        layout: "none",
        roam: false,
        left: 90,
        right: 90,
        top: 24,
        bottom: 24,
        symbol: "roundRect",
        symbolSize: [132, 30],
        edgeSymbol: ["none", "arrow"],
        edgeSymbolSize: 8,
        label: { show: true, color: "#ffffff", fontSize: 12, width: 124, overflow: "truncate" },
        itemStyle: { color: "#1f5f9f" },
        data: placed.map(({ node, row, column }) => ({
          name: node.activity,
          x: ((column + 0.5) / (wide.get(row) ?? 1)) * width * 190,
          y: row * 90,
          label: { formatter: `${name(node.activity)} ${node.n}` },
        })),
        links: drawn.edges
          .slice(0, MOST_EDGES)
          .filter((edge) => rank.has(edge.source) && rank.has(edge.target) && edge.source !== edge.target)
          .map((edge) => ({
            source: edge.source,
            target: edge.target,
            lineStyle: { width: 1 + (6 * edge.times.n) / most, curveness: 0.12, color: "#5d6875", opacity: 0.8 },
            label: {
              show: edge.times.n >= most / 20,
              formatter: said(edge.times.n, edge.times.median),
              fontSize: 11,
              color: "#1f2933",
            },
          })),
      },
    ],
  };
  return { option, height: Math.max(260, depth * 90 + 40) };
}
