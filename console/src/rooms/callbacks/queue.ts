import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, data, type Schemas } from "@/kit/api";
import { useNow } from "@/kit/time";

export type CallLine = Schemas["CallLine"];

/** Sorts behind every instant. */
const NEVER = "9";
const byDue = (a: CallLine, b: CallLine): number =>
  (a.due_at ?? NEVER).localeCompare(b.due_at ?? NEVER) || a.order_id.localeCompare(b.order_id);
const byHour = (a: CallLine, b: CallLine): number => a.may_call_at.localeCompare(b.may_call_at) || byDue(a, b);

/** Whether the customer may be called: the server says so, or the time that it named has come. */
export const isOpen = (line: CallLine, now: number): boolean =>
  line.may_call_now || Date.parse(line.may_call_at) <= now;

/** Who may be called at this instant, by the nearest limit; and who later, by when. */
export function sorted(lines: readonly CallLine[], now: number): { ready: CallLine[]; later: CallLine[] } {
  const open = (line: CallLine) => isOpen(line, now);
  return {
    ready: lines.filter(open).sort(byDue),
    later: lines.filter((line) => !open(line)).sort(byHour),
  };
}

/** The customers to be called, as one sees them. */
export function useQueue() {
  const pages = useInfiniteQuery({
    queryKey: ["callbacks"],
    queryFn: ({ pageParam }) =>
      data(api.GET("/v1/callbacks", { params: { query: { cursor: pageParam, limit: 200 } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
  });
  const lines = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  const minute = Math.floor(useNow() / 1000) * 1000;
  const queue = useMemo(() => sorted(lines ?? [], minute), [lines, minute]);
  return { pages, lines, ...queue };
}
