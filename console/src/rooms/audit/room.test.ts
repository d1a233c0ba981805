import { describe, expect, it } from "vitest";
import type { EventLine } from "@/kit/sentences";
import { compare, leaves } from "./diff";
import { lifelines } from "./lifelines";

describe("the comparison", () => {
  const past = {
    seq: 2,
    state: "dispatched",
    level: 0,
    handlers: [],
    closed_at: null,
    assignments: [
      { id: "GD.net", unit: "GD.net", status: "offered" },
      { id: "GD.bill", unit: "GD.bill", status: "offered" },
    ],
    clocks: { "sign/1": { due_at: "2026-03-02T02:00:00Z" } },
  };
  const today = {
    seq: 5,
    state: "in_progress",
    level: 0,
    handlers: ["a"],
    closed_at: null,
    assignments: [
      { id: "GD.it", unit: "GD.it", status: "offered" },
      { id: "GD.net", unit: "GD.net", status: "signed" },
    ],
    clocks: { "due/1": { due_at: "2026-03-03T02:00:00Z" } },
  };

  it("says of each leaf whether it was changed, has come, or is gone", () => {
    const said = Object.fromEntries(compare(past, today).map((line) => [line.path.join("/"), line.difference]));
    expect(said).toEqual({
      state: "changed",
      level: "same",
      handlers: "added",
      "assignments/GD.net/unit": "same",
      "assignments/GD.net/status": "changed",
      "assignments/GD.bill/unit": "removed",
      "assignments/GD.bill/status": "removed",
      "assignments/GD.it/unit": "added",
      "assignments/GD.it/status": "added",
      "clocks/sign/1/due_at": "removed",
      "clocks/due/1/due_at": "added",
    });
  });

  it("finds nothing between a state and itself, and puts it back together", () => {
    expect(compare(past, past).every(({ difference }) => difference === "same")).toBe(true);
    expect(compare(past, today).filter(({ was }) => was !== undefined).length).toBe(leaves(past).length);
    expect(compare(past, today).filter(({ is }) => is !== undefined).length).toBe(leaves(today).length);
  });
});

describe("the life of a clock", () => {
  const clock = (due: string, status: string) => ({
    status,
    kind: "due",
    unit: "GD.net",
    rule: "general",
    started_at: "2026-03-02T00:00:00Z",
    due_at: due,
    first_due_at: "2026-03-02T04:00:00Z",
  });
  const event = (seq: number, at: string, change: string, due?: string, status = "running", fell?: string): EventLine =>
    ({
      seq,
      at,
      type: "x",
      clocks: [{ key: "due/1", change, clock: due ? clock(due, status) : null, fell_due: fell }],
    }) as never;
  const h = (hour: number): number => Date.UTC(2026, 2, 2, hour);
  const at = (hour: number): string => new Date(h(hour)).toISOString();

  it("runs, stands still, is late from the instant it fell due, and ends", () => {
    const [life] = lifelines(
      [
        event(1, at(0), "started", at(4)),
        event(2, at(1), "paused", at(4), "paused"),
        event(3, at(3), "resumed", at(6)),
        event(4, at(7), "breached", at(6), "breached", at(6)),
        event(5, at(9), "met"),
      ],
      h(20),
    );
    expect(life?.stretches).toEqual([
      { from: h(0), to: h(1), going: "running" },
      { from: h(1), to: h(3), going: "paused" },
      { from: h(3), to: h(6), going: "running" },
      { from: h(6), to: h(9), going: "late" },
    ]);
    expect([life?.begin, life?.end, life?.due, life?.firstDue]).toEqual([h(0), h(9), h(6), h(4)]);
    expect(life?.marks.map(({ change }) => change)).toEqual(["started", "paused", "resumed", "breached", "met"]);
  });

  it("goes on until now while it has not ended", () => {
    const [life] = lifelines([event(1, at(0), "started", at(4))], h(2));
    expect(life?.stretches).toEqual([{ from: h(0), to: h(2), going: "running" }]);
    expect(life?.end).toBeNull();
  });

  it("stays late when it goes on after a verdict", () => {
    const [life] = lifelines(
      [
        event(1, at(0), "started", at(4)),
        event(2, at(4), "breached", at(4), "breached", at(4)),
        event(3, at(5), "answered", at(4), "answered"),
        event(4, at(6), "resumed", at(4), "breached"),
      ],
      h(7),
    );
    expect(life?.stretches.map(({ going }) => going)).toEqual(["running", "late", "answered", "late"]);
  });
});
