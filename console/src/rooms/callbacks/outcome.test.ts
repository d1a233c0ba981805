import { describe, expect, it } from "vitest";
import { answered, back, NOTHING, question, reached, unhappy } from "./outcome";
import { askAgain, type CallLine, isOpen, sorted } from "./queue";

const REPLIED = { expiry: false };
const EXPIRED = { expiry: true };
const keys = (line: { expiry: boolean }, ...numbers: number[]) =>
  numbers.reduce((said, number) => answered(line, said, number), NOTHING);

describe("an outcome", () => {
  it("is three keys, in the order of the questions", () => {
    expect(keys(REPLIED, 1, 2, 3)).toEqual({ contacted: true, solved: false, satisfaction: "dissatisfied" });
    expect(question(REPLIED, keys(REPLIED, 1, 2, 3))).toBeUndefined();
  });

  it("does not take a third key where there are two answers", () => {
    expect(keys(REPLIED, 3)).toEqual(NOTHING);
  });

  it("asks nobody whether he is content before there is a reply", () => {
    expect(question(EXPIRED, keys(EXPIRED, 1, 2))).toBeUndefined();
    expect(reached(keys(EXPIRED, 1, 2), "")).toEqual({ result: "reached", contacted: true, solved: false });
  });

  it("takes back the last answer alone", () => {
    expect(back(REPLIED, keys(REPLIED, 1, 1, 1))).toEqual(keys(REPLIED, 1, 1));
  });

  it.each([
    [[1, 1, 1], false],
    [[1, 1, 2], false],
    [[1, 1, 3], true],
    [[1, 2, 1], true],
    [[2, 1, 1], true],
  ])("%j asks why: %s", (numbers, asks) => {
    expect(unhappy(keys(REPLIED, ...numbers))).toBe(asks);
  });
});

describe("the queue", () => {
  const line = (order_id: string, may: string, due: string | null, now = false, until: string | null = null) =>
    ({ order_id, may_call_at: may, due_at: due, may_call_now: now, may_call_until: until }) as CallLine;

  it("has who may be called by the nearest limit, then the others by when", () => {
    const { ready, later } = sorted(
      [
        line("a", "2026-03-02T02:00:00Z", null),
        line("b", "2026-03-02T02:00:00Z", "2026-03-02T09:00:00Z"),
        line("c", "2026-03-02T05:00:00Z", "2026-03-02T06:00:00Z"),
        line("d", "2026-03-02T04:00:00Z", null),
        line("e", "2026-03-02T03:00:01Z", "2026-03-02T08:00:00Z", true),
      ],
      Date.parse("2026-03-02T03:00:00Z"),
    );
    expect(ready.map((one) => one.order_id)).toEqual(["e", "b", "a"]);
    expect(later.map((one) => one.order_id)).toEqual(["d", "c"]);
  });

  it("has nobody called after his hours, though he might be when it was read, and then asks again", () => {
    const evening = line("a", "2026-03-02T11:59:00Z", null, true, "2026-03-02T12:00:00Z");
    const [before, end] = [Date.parse("2026-03-02T11:59:50Z"), Date.parse("2026-03-02T12:00:00Z")];
    expect(isOpen(evening, before)).toBe(true);
    expect(isOpen(evening, end)).toBe(false);
    expect(sorted([evening], end).later).toEqual([evening]);
    expect(askAgain([evening, line("b", "2026-03-02T11:00:00Z", null)], before)).toBe(10_000);
    expect(askAgain([evening], end)).toBe(60_000);
    expect(isOpen(line("rehearsed", "2026-03-02T11:59:00Z", null, true), end)).toBe(true);
  });
});
