import { describe, expect, it } from "vitest";
import { nextLimit } from "./orderColumns";
import type { OrderLine } from "./orderPages";

const line = (given: Partial<OrderLine>) =>
  ({ state: "in_progress", over: false, due_at: null, next_at: null, ...given }) as OrderLine;

describe("the limit of an order in a list", () => {
  const at = "2026-03-02T02:00:00Z";
  it("is its lead's, or what time brings next", () => {
    expect(nextLimit(line({ due_at: at, next_at: "2026-03-01T02:00:00Z" }))).toBe(at);
    expect(nextLimit(line({ next_at: at }))).toBe(at);
  });
  it("is none where it is closed, though it may still be reopened or reviewed", () => {
    expect(nextLimit(line({ state: "closed", next_at: at }))).toBeNull();
    expect(nextLimit(line({ state: "withdrawn", over: true, due_at: at }))).toBeNull();
  });
});
