import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { follow, type Told } from "./liveStream";
import { makeFreshener } from "./liveQueries";
import type { Role } from "./session";

export type LiveState = "live" | "reconnecting" | "off";

/** Who sees no orders is told of none. */
const UNTOLD: readonly Role[] = ["administrator"];

let state: LiveState = "off";
const watchers = new Set<() => void>();

function become(next: LiveState): void {
  if (next === state) return;
  state = next;
  watchers.forEach((watcher) => watcher());
}

/** What one tab says to the others of this browser: what its stream was told, up to which event, and how it stands. */
interface Said {
  told?: Told;
  last?: string;
  state?: LiveState;
  /** A tab that has just been opened asks how it stands. */
  asks?: true;
}

/**
 * Keep the queries true to what happens; answers with what stops it.
 *
 * One stream serves all tabs in which the same person works for the same colleague: the tab that holds the lock reads it and
 * tells the others; when it is closed, another one goes on where it was.
 */
export function startLive(queries: QueryClient, who: { id: string; role: Role; actingFor: string }): () => void {
  if (UNTOLD.includes(who.role)) return () => undefined;
  const name = `whistle.live/${who.id}/${who.actingFor}`;
  const fresh = makeFreshener(queries);
  const others = new BroadcastChannel(name);
  const leaving = new AbortController();
  let last = "";
  let leads = false;

  const take = (told: Told) => {
    if (told.kind === "lost") become("reconnecting");
    else if (told.kind === "ended") void queries.invalidateQueries({ queryKey: ["session"] });
    else become("live");
    fresh.take(told);
  };
  others.onmessage = ({ data }: MessageEvent<Said>) => {
    if (data.asks && leads) others.postMessage({ state, last } satisfies Said);
    if (data.last) last = data.last;
    if (data.told) take(data.told);
    if (data.state && !leads) become(data.state);
  };
  const lead = () => {
    leads = true;
    const stop = follow({
      actingFor: who.actingFor,
      last: () => last,
      tell: (told, id) => {
        if (id) last = id;
        take(told);
        others.postMessage({ told, last } satisfies Said);
      },
    });
    return new Promise<void>((resolve) => {
      leaving.signal.addEventListener("abort", () => {
        stop();
        resolve();
      });
    });
  };

  become("reconnecting");
  if ("locks" in navigator) {
    navigator.locks.request(name, { signal: leaving.signal }, lead).catch((error: unknown) => {
      if (!leaving.signal.aborted) throw error;
    });
    others.postMessage({ asks: true } satisfies Said);
  } else void lead(); // an address without TLS: every tab reads for itself
  return () => {
    leaving.abort();
    others.close();
    fresh.stop();
    become("off");
  };
}

const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

export const liveState = (): LiveState => state;

/** Whether what is shown follows what happens. */
export function useLive(): LiveState {
  return useSyncExternalStore(watch, liveState);
}
