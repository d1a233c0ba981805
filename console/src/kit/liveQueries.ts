import type { QueryClient } from "@tanstack/react-query";
import type { Told } from "./liveStream";

/** Lists of orders: what one order's change may move. They are read anew all together, and not more often than this. */
export const LISTS = ["orders", "inbox", "wall", "callbacks"] as const;
export const LISTS_MS = 2_000;
/** After a break many come back at once; their questions are spread over this time. */
export const SPREAD_MS = 1_000;

/** True where nobody looks: what is out of date there is read anew when somebody does. */
const unseen = () => document.visibilityState === "hidden";

/** Has the queries read anew that something has made untrue. */
export function makeFreshener(queries: QueryClient) {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  let listed = 0;

  const read = (...queryKey: string[]) =>
    void queries.invalidateQueries({ queryKey, refetchType: unseen() ? "none" : "active" });
  const once = (name: string, milliseconds: number, does: () => void) => {
    if (timers.has(name)) return;
    const run = () => {
      timers.delete(name);
      does();
    };
    timers.set(name, setTimeout(run, milliseconds));
  };
  const isListing = () => LISTS.some((list) => queries.isFetching({ queryKey: [list] }) > 0);
  const lists = () => {
    // A list that is still being read may have missed it: it is read anew, but after that, so that a slow one is not chased.
    if (isListing()) return once("lists", LISTS_MS / 4, lists);
    listed = Date.now();
    LISTS.forEach((list) => read(list));
  };
  const everything = () => {
    listed = Date.now();
    read();
  };

  return {
    take(told: Told): void {
      if (told.kind === "orders") {
        told.ids.forEach((id) => read("order", id));
        once("lists", Math.max(0, listed + LISTS_MS - Date.now()), lists);
      } else if (told.kind === "notices") read("notices");
      else if (told.kind === "reset") once("everything", Math.random() * SPREAD_MS, everything);
    },
    stop(): void {
      timers.forEach((timer) => clearTimeout(timer));
      timers.clear();
    },
  };
}
