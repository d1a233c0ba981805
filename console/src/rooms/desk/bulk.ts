import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, data, send } from "@/kit/api";
import { carryOut, newKey, type OrderView, readAnew } from "@/kit/command";
import type { OrderLine } from "@/kit/orderPages";
import { type Problem, problemOf } from "@/kit/problem";
import { useMe } from "@/kit/session";

export type Body = Record<string, unknown>;
export type Step =
  | "reading"
  | "can"
  | "cannot"
  | "waiting"
  | "doing"
  | "done"
  | "refused"
  | "unknown"
  | "undone"
  /** Done, and nobody knows whether it was taken back. */
  | "unsure"
  /** Done, and refused to be taken back. */
  | "kept";
/** Where a deed on one order has come to an end, if only for now. */
export const ENDED: readonly Step[] = ["done", "refused", "unknown", "undone", "unsure", "kept"];

/** One chosen order on its way; `why` names what hinders it, `problem` what it was refused with. Taking it back is an
 * intent of its own, with a key of its own. */
export interface Item {
  line: OrderLine;
  step: Step;
  view?: OrderView;
  why?: "state" | "level" | "same" | undefined;
  problem?: Problem | undefined;
  key: string;
  backKey: string;
}

/** These are no commands on the order: they concern oneself. */
export const OWN_SIGHT = ["follow", "unfollow"];
const AT_ONCE = 3;
const TRIES = 3;

/** What takes a deed back, as the rules have it: nothing where they have nothing. */
const UNDO: Record<string, (view: OrderView, why: string) => { verb: string; body: Body }> = {
  follow: () => ({ verb: "unfollow", body: {} }),
  unfollow: () => ({ verb: "follow", body: {} }),
  reprioritise: (view, reason) => ({ verb: "reprioritise", body: { priority: view.order.priority, reason } }),
  retier: (view, reason) => ({ verb: "retier", body: { tier: view.order.customer.tier, reason } }),
};
export const undoable = (verb: string): boolean => verb in UNDO;

/** Why a deed would come to nothing, as far as the order as it stands can tell. */
function hindered(verb: string, body: Body, view: OrderView, role: string): Item["why"] {
  if (OWN_SIGHT.includes(verb)) return undefined;
  if (!(view.allowed[role] ?? []).includes(verb)) return "state";
  if (verb === "escalate" && typeof body.level === "number" && view.order.level >= body.level) return "level";
  if (verb === "reprioritise" && body.priority === view.order.priority) return "same";
  if (verb === "retier" && body.tier === view.order.customer.tier) return "same";
  return undefined;
}

async function eachOf<T>(many: readonly T[], does: (one: T) => Promise<void>): Promise<void> {
  const rest = [...many];
  const next = async (): Promise<void> => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) await does(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function once(id: string, verb: string, body: Body, key: string, seq?: number): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      if (OWN_SIGHT.includes(verb)) await send("POST", `/v1/orders/${id}/${verb}`, body);
      else await carryOut({ orderId: id, verb, body, ...(seq !== undefined && { seq }) }, key);
      return;
    } catch (error) {
      const problem = problemOf(error);
      if (!problem.again || tried >= TRIES) throw problem;
      await pause(tried * 1000);
    }
  }
}

interface Ends {
  well: Step;
  unclear: Step;
  refused: Step;
}
const FORTH: Ends = { well: "done", unclear: "unknown", refused: "refused" };
const BACK: Ends = { well: "undone", unclear: "unsure", refused: "kept" };

/** A deed on many orders: looked at first, then carried out one by one under keys of their own, and taken back. */
export function useBulk(verb: string, lines: readonly OrderLine[], body: Body) {
  const { role } = useMe();
  const queries = useQueryClient();
  const [items, setItems] = useState<Item[]>(() =>
    lines.map((line) => ({ line, step: "reading", key: newKey(), backKey: newKey() })),
  );
  const [running, setRunning] = useState(false);
  const left = useRef(false);
  const change = useCallback((id: string, given: Partial<Item>) => {
    if (!left.current) setItems((now) => now.map((item) => (item.line.order_id === id ? { ...item, ...given } : item)));
  }, []);
  const look = useCallback(
    (line: OrderLine) =>
      data(api.GET("/v1/orders/{order_id}", { params: { path: { order_id: line.order_id } } })).then(
        (view) => change(line.order_id, { view, step: "can", problem: undefined }),
        (error: unknown) => change(line.order_id, { step: "refused", problem: problemOf(error) }),
      ),
    [change],
  );
  useEffect(() => {
    left.current = false;
    void eachOf(lines, look);
    return () => {
      left.current = true;
    };
    // oxlint-disable-next-line react/exhaustive-deps -- the dialogue is opened for these lines and no others
  }, []);
  const seen = items.map((item): Item => {
    const why = item.step === "can" && item.view ? hindered(verb, body, item.view, role) : undefined;
    return why ? { ...item, step: "cannot", why } : item;
  });
  const go = async (those: Item[], deed: (item: Item) => Promise<void>, ends: Ends) => {
    setRunning(true);
    for (const item of those) change(item.line.order_id, { step: "waiting" });
    await eachOf(those, async (item) => {
      const id = item.line.order_id;
      change(id, { step: "doing" });
      try {
        await deed(item);
        change(id, { step: ends.well, problem: undefined });
      } catch (error) {
        const problem = problemOf(error);
        change(id, { step: problem.again ? ends.unclear : ends.refused, problem });
      }
    });
    readAnew(queries, ...those.map((item) => item.line.order_id));
    setRunning(false);
  };
  const of = (...steps: Step[]) => seen.filter((item) => steps.includes(item.step));
  return {
    items: seen,
    running,
    ready: of("can"),
    done: of("done"),
    unknown: of("unknown"),
    unsure: of("unsure"),
    kept: of("kept"),
    carryOut: (those: Item[]) =>
      go(those, ({ line, view, key }) => once(line.order_id, verb, body, key, view?.order.seq), FORTH),
    undo: (those: Item[], why: string) =>
      go(
        those,
        ({ line, view, backKey }) => {
          const back = view && UNDO[verb]?.(view, why);
          return back ? once(line.order_id, back.verb, back.body, backKey) : Promise.resolve();
        },
        BACK,
      ),
  };
}
