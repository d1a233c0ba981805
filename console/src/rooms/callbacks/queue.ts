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

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

const closing = (line: CallLine): number => (line.may_call_until ? Date.parse(line.may_call_until) : Infinity);

/** Whether the customer may be called: the server said so, or the time that it named has come; and his hours last. */
export const isOpen = (line: CallLine, now: number): boolean =>
  (line.may_call_now || Date.parse(line.may_call_at) <= now) && now < closing(line);

/** Who may be called at this instant, by the nearest limit; and who later, by when. */
export function sorted(lines: readonly CallLine[], now: number): { ready: CallLine[]; later: CallLine[] } {
  const open = (line: CallLine) => isOpen(line, now);
  return {
    ready: lines.filter(open).sort(byDue),
    later: lines.filter((line) => !open(line)).sort(byHour),
  };
}

/** How long until it is asked again: each minute, and where somebody's hours end before, then. */
export function askAgain(lines: readonly CallLine[], now: number): number {
  const ends = lines.map((line) => closing(line) - now).filter((left) => left > 0);
  return Math.max(SECOND_MS, Math.min(MINUTE_MS, ...ends));
}

/** The customers to be called, as one sees them; `now` is the server's, whatever clock the browser has. */
export function useQueue() {
  const present = useNow();
  const pages = useInfiniteQuery({
    queryKey: ["callbacks"],
    queryFn: async ({ pageParam }) => {
      const page = await data(api.GET("/v1/callbacks", { params: { query: { cursor: pageParam, limit: 200 } } }));
      return { ...page, ahead: Date.parse(page.at) - Date.now() };
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    refetchInterval: ({ state }) => {
      const known = state.data?.pages ?? [];
      return askAgain(
        known.flatMap((page) => page.items),
        Date.now() + (known[0]?.ahead ?? 0),
      );
    },
  });
  const lines = useMemo(() => pages.data?.pages.flatMap((page) => page.items), [pages.data]);
  const now = present + Math.round((pages.data?.pages[0]?.ahead ?? 0) / SECOND_MS) * SECOND_MS;
  const queue = useMemo(() => sorted(lines ?? [], now), [lines, now]);
  return { pages, lines, now, ...queue };
}
