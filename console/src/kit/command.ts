import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { send, type Schemas } from "./api";
import { LISTS } from "./liveQueries";
import { problemOf, type Problem } from "./problem";

export type OrderView = Schemas["OrderView"];
export type CommandAnswer = Schemas["CommandAnswer"];

/** One command on one order; `seq` is what the user saw of it, without it the command minds nothing that has happened since. */
export interface Command {
  orderId: string;
  verb: string;
  body?: Record<string, unknown>;
  seq?: number;
}

/** A new Idempotency-Key. */
export const newKey = (): string => crypto.randomUUID();

/** Carry out a command under a key. Throws `Problem`. */
export function carryOut({ orderId, verb, body = {}, seq }: Command, key: string): Promise<CommandAnswer> {
  const headers: Record<string, string> = { "Idempotency-Key": key };
  if (seq !== undefined) headers["If-Match"] = `"${seq}"`;
  return send<CommandAnswer>("POST", `/v1/orders/${encodeURIComponent(orderId)}/${verb}`, body, headers);
}

/** Read orders anew, and every list in which they may stand. */
export function readAnew(queries: QueryClient, ...orderIds: string[]): void {
  for (const queryKey of [...orderIds.map((id) => ["order", id]), ...LISTS.map((list) => [list])])
    void queries.invalidateQueries({ queryKey });
}

/**
 * Carry out commands, each intent once: what is asked again after an unknown outcome goes under the same key.
 * Whatever comes of it, the order and the lists are read anew.
 */
export function useCommand() {
  const queries = useQueryClient();
  const kept = useRef<{ intent: string; key: string } | null>(null);
  return useMutation<CommandAnswer, Problem, Command>({
    mutationFn: async (command) => {
      const intent = JSON.stringify(command);
      const key = kept.current?.intent === intent ? kept.current.key : newKey();
      kept.current = { intent, key };
      try {
        const answer = await carryOut(command, key);
        kept.current = null;
        return answer;
      } catch (error) {
        const problem = problemOf(error);
        if (!problem.again) kept.current = null;
        throw problem;
      }
    },
    onSuccess: (answer, { orderId }) => {
      const { command: _, ...view } = answer;
      queries.setQueryData(["order", orderId, "view"], view);
    },
    onSettled: (_answer, _error, { orderId }) => {
      readAnew(queries, orderId);
    },
  });
}
