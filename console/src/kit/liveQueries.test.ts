import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LISTS_MS, makeFreshener, SPREAD_MS } from "./liveQueries";

describe("what is read anew", () => {
  const page = { visibilityState: "visible" };
  let queries: QueryClient;
  let read: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("document", page);
    page.visibilityState = "visible";
    queries = new QueryClient();
    read = [];
    vi.spyOn(queries, "invalidateQueries").mockImplementation((filters) => {
      read.push([...(filters?.queryKey ?? ["*"]), ...(filters?.refetchType === "none" ? ["later"] : [])].join("/"));
      return Promise.resolve();
    });
  });
  afterEach(() => vi.useRealTimers());

  it("is the order at once, and the lists at most every two seconds", () => {
    const fresh = makeFreshener(queries);
    fresh.take({ kind: "orders", ids: ["WH1"] });
    expect(read).toEqual(["order/WH1"]);
    vi.advanceTimersByTime(1);
    expect(read).toEqual(["order/WH1", "orders", "inbox", "wall", "callbacks"]);
    read.length = 0;
    for (let at = 0; at < 10; at += 1) {
      fresh.take({ kind: "orders", ids: ["WH2"] });
      vi.advanceTimersByTime(LISTS_MS / 10);
    }
    expect(read.filter((one) => one === "orders")).toHaveLength(1);
    fresh.stop();
  });

  it("waits for a list that is still being read, and is not forgotten", () => {
    const reading = vi.spyOn(queries, "isFetching").mockReturnValue(1);
    const fresh = makeFreshener(queries);
    fresh.take({ kind: "orders", ids: [] });
    vi.advanceTimersByTime(5000);
    expect(read).toEqual([]);
    reading.mockReturnValue(0);
    vi.advanceTimersByTime(LISTS_MS);
    expect(read).toContain("orders");
    fresh.stop();
  });

  it("is everything after a reset, spread over a second, and nothing more once it is stopped", () => {
    const fresh = makeFreshener(queries);
    fresh.take({ kind: "reset" });
    fresh.take({ kind: "reset" });
    vi.advanceTimersByTime(SPREAD_MS);
    expect(read).toHaveLength(1);
    fresh.take({ kind: "reset" });
    fresh.stop();
    vi.advanceTimersByTime(SPREAD_MS);
    expect(read).toHaveLength(1);
  });

  it("waits where nobody looks", () => {
    page.visibilityState = "hidden";
    const fresh = makeFreshener(queries);
    fresh.take({ kind: "orders", ids: ["WH1"] });
    fresh.take({ kind: "notices" });
    expect(read).toEqual(["order/WH1/later", "notices/later"]);
    fresh.stop();
  });
});
