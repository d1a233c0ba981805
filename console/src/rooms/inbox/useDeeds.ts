import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { carryOut, newKey, readAnew } from "@/kit/command";
import { type Problem, problemOf } from "@/kit/problem";
import { keyOf, type Task } from "./tasks";

/** What became of a command on one entry. */
export interface Deed {
  verb: string;
  orderId: string;
  state: "running" | "done" | "refused";
  problem?: Problem;
}

export type Deeds = ReadonlyMap<string, Deed>;

/**
 * Commands on entries of the inbox, several at once too: each intent under one key until its outcome is known. Whatever
 * comes of one, the entry is read anew and what was said stays beside it.
 */
export function useDeeds() {
  const queries = useQueryClient();
  const keys = useRef(new Map<string, string>());
  const [deeds, setDeeds] = useState<Deeds>(new Map());
  const [last, setLast] = useState<Deed>();

  const say = useCallback((task: Task, deed: Deed) => {
    setDeeds((before) => new Map(before).set(keyOf(task), deed));
    if (deed.state !== "running") setLast(deed);
  }, []);

  const does = useCallback(
    async (task: Task, verb: string, body: Record<string, unknown>): Promise<Problem | undefined> => {
      const command = { orderId: task.order_id, verb, body };
      const intent = JSON.stringify(command);
      const key = keys.current.get(intent) ?? newKey();
      keys.current.set(intent, key);
      say(task, { verb, orderId: task.order_id, state: "running" });
      try {
        await carryOut(command, key);
        keys.current.delete(intent);
        say(task, { verb, orderId: task.order_id, state: "done" });
        return undefined;
      } catch (error) {
        const problem = problemOf(error);
        if (!problem.again) keys.current.delete(intent);
        say(task, { verb, orderId: task.order_id, state: "refused", problem });
        return problem;
      } finally {
        readAnew(queries, task.order_id);
      }
    },
    [queries, say],
  );
  return { deeds, last, does };
}

export type Does = ReturnType<typeof useDeeds>["does"];
