import { expect, test } from "vitest";
import { length } from "./length";
import { processChart, rows } from "./processChart";

const times = { n: 2, least: 1, median: 60, mean: 60, most: 120 };
const node = (activity: string, starts = 0) => ({
  activity, starts, n: 2, cases: 2, ends: 0, rework_cases: 0, repeats: 0, wait: null,
}); // prettier-ignore
const edge = (source: string, target: string) => ({ source, target, times });

test("a span is told in its two largest units", () => {
  const word = (unit: string, count: number) => `${count}${unit}`;
  expect([0, 59.6, 3600, 90_061].map((seconds) => length(seconds, word))).toEqual(["0s", "1min", "1h", "1d 1h"]);
});

test("each step stands below the earliest that leads to it, loops or not", () => {
  const drawn = {
    nodes: [node("a", 2), node("b"), node("c"), node("far")],
    edges: [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("a", "c")],
  };
  expect([...rows(drawn)]).toEqual([["a", 0], ["b", 1], ["c", 1]]); // prettier-ignore
});

test("the graph has a line for each connection but those to itself", () => {
  const drawn = {
    cases: 2, steps: 4, variants_in_all: 1, durations: times, variants: [], ping_pong: [], handovers: 0,
    nodes: [node("a", 2), node("b")], edges: [edge("a", "b"), edge("b", "b")],
  }; // prettier-ignore
  const { option, height } = processChart(
    drawn,
    (one) => one.toUpperCase(),
    (n) => `${n}`,
  );
  const [series] = option["series"] as { links: unknown[]; data: { label: { formatter: string } }[] }[];
  expect(series?.links).toHaveLength(1);
  expect(series?.data.map((one) => one.label.formatter)).toEqual(["A 2", "B 2"]);
  expect(height).toBeGreaterThan(200);
});
