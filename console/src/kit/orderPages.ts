import { useQueries, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { paths } from "@/api/schema";
import { api, data, type Schemas } from "./api";

export type OrderLine = Schemas["OrderLine"];
export type OrderFilters = Omit<NonNullable<paths["/v1/orders"]["get"]["parameters"]["query"]>, "cursor" | "limit">;
type Page = Schemas["OrderPage"];

/** Orders that one page holds at most. */
export const PAGE = 100;
const KEPT = 30_000;

/** What to list: by filters, or, where a customer is named, his orders, whose number stands in no address. */
export interface Wanted {
  filters: OrderFilters;
  customer?: string | undefined;
}

function read({ filters, customer }: Wanted, cursor: string): Promise<Page> {
  if (!customer) return data(api.GET("/v1/orders", { params: { query: { ...filters, cursor, limit: PAGE } } }));
  const { text = "", sort = "newest" } = filters;
  return data(api.POST("/v1/orders/search", { body: { customer, text, sort, cursor, limit: PAGE, rehearsal: false } }));
}

/** Where each page begins, how many orders it had, how many pages there were, and what stood on those near the sight. */
interface Known {
  cursors: string[];
  sizes: number[];
  extent: number;
  lines: ReadonlyMap<number, OrderLine[]>;
}

/** What is known once a page came: it says where the next begins, and what was thought of those after it may be old. */
function learnt(known: Known, page: number, found: Page, near: (page: number) => boolean): Known {
  const { cursors, sizes, extent } = known;
  if (known.lines.get(page) === found.items) return known;
  const lines = new Map([...known.lines].filter(([one]) => near(one))).set(page, found.items);
  const grown = [...sizes.slice(0, page), found.items.length, ...sizes.slice(page + 1)];
  if (!found.next)
    return { cursors: cursors.slice(0, page + 1), sizes: grown.slice(0, page + 1), extent: page + 1, lines };
  const kept = cursors[page + 1] === found.next ? cursors : [...cursors.slice(0, page + 1), found.next];
  return { cursors: kept, sizes: grown, extent: Math.max(extent, kept.length), lines };
}

/**
 * A list of any length of which only the pages in sight are kept: rows by their number, undefined while they are read.
 * `see(first, last)` says which rows are in sight. Live like every list, and only what is in sight is read anew.
 */
export function useOrderPages(wanted: Wanted) {
  const [known, setKnown] = useState<Known>({ cursors: [""], sizes: [], extent: 1, lines: new Map() });
  const [sight, setSight] = useState<[number, number]>([0, 0]);
  const starts = useMemo(() => {
    const found = [0];
    for (let page = 0; page < known.extent; page++) found.push(found[page]! + (known.sizes[page] ?? PAGE));
    return found;
  }, [known]);
  const pageOf = (row: number): number => {
    let low = 0;
    let high = known.extent - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const last = known.cursors.length - 1;
  const [from, to] = [pageOf(sight[0]), pageOf(sight[1])];
  const pages: number[] = [];
  for (let page = Math.min(from, last); page <= Math.min(to, last); page++) pages.push(page);
  const { filters, customer } = wanted;
  const results: UseQueryResult<Page>[] = useQueries({
    queries: pages.map((page) => ({
      queryKey: ["orders", "page", filters, customer ?? "", known.cursors[page]],
      queryFn: () => read(wanted, known.cursors[page] ?? ""),
      gcTime: KEPT,
    })),
  });
  useEffect(() => {
    results.forEach(({ data: found }, at) => {
      const page = pages[at];
      if (found === undefined || page === undefined) return;
      setKnown((now) => learnt(now, page, found, (one) => one >= from - 2 && one <= to + 2));
    });
  });
  const failed = results.find((result) => result.error && !result.data);
  return {
    count: starts[known.extent] ?? 0,
    ended: known.sizes.length >= known.extent && last === known.extent - 1,
    first: known.lines.size > 0,
    error: failed?.error,
    refetch: () => results.forEach((result) => void result.refetch()),
    see: (first: number, final: number) =>
      setSight((now) => (now[0] === first && now[1] === final ? now : [first, final])),
    row: (index: number): OrderLine | undefined => {
      const page = pageOf(index);
      return known.lines.get(page)?.[index - starts[page]!];
    },
    /** Every order that is in memory now. */
    loaded: () => [...known.lines.values()].flat(),
  };
}
