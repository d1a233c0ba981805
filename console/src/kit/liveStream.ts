import { EventSource, type ErrorEvent } from "eventsource";

/** What the stream tells: orders that changed, a notice, that all is to be read anew; and how the stream itself stands. */
export type Told =
  | { kind: "orders"; ids: string[] }
  | { kind: "notices" | "reset" | "resumed" | "beat" }
  /** Nothing is told at the moment; it comes back by itself. */
  | { kind: "lost" }
  /** The log-in may be over, or stand for somebody else. */
  | { kind: "ended" };

export interface Follower {
  actingFor: string;
  /** The id of the last event that came, whichever tab it came to. */
  last: () => string;
  tell: (told: Told, id: string) => void;
}

/** Two beats of the server, and a little: a longer silence is a broken line. */
const SILENCE_MS = 40_000;
const FIRST_MS = 500;
const MOST_MS = 15_000;
/** After a refusal: asking again at once changes nothing. */
const REFUSED_MS = 20_000;
const REFUSALS = [401, 403, 404, 429];
const PLAIN = ["notices", "reset", "resumed", "beat"] as const;

/** How long to wait before the next try, somewhere in the upper half of twice as long as before. */
export function pause(tries: number, chance = Math.random()): number {
  const longest = Math.min(MOST_MS, FIRST_MS * 2 ** tries);
  return longest * (0.5 + chance / 2);
}

/** Read the stream, again and again, until it is stopped; answers with what stops it. */
export function follow({ actingFor, last, tell }: Follower): () => void {
  let source: EventSource | null = null;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const later = (milliseconds: number, does: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(does, milliseconds);
  };
  const again = (milliseconds: number) => {
    source?.close();
    source = null;
    if (stopped) return;
    tell({ kind: "lost" }, "");
    later(milliseconds, open);
  };
  const came = (told: Told, id: string) => {
    tries = 0;
    later(SILENCE_MS, () => again(pause(tries++)));
    tell(told, id);
  };

  function open() {
    const opened = new EventSource("/v1/stream", {
      fetch: (input, init) => {
        const headers = new Headers(init.headers);
        if (actingFor) headers.set("Acting-For", actingFor);
        if (last()) headers.set("Last-Event-ID", last());
        return fetch(input, { ...init, headers });
      },
    });
    source = opened;
    later(SILENCE_MS, () => again(pause(tries++)));
    for (const kind of PLAIN) opened.addEventListener(kind, ({ lastEventId }) => came({ kind }, lastEventId));
    opened.addEventListener("orders", ({ data, lastEventId }) => {
      const { orders } = JSON.parse(String(data)) as { orders: { id: string }[] };
      came({ kind: "orders", ids: orders.map(({ id }) => id) }, lastEventId);
    });
    // The line itself is whole: the server says it again and again.
    opened.addEventListener("waiting", () => came({ kind: "lost" }, ""));
    opened.addEventListener("bye", ({ data }) => {
      const { why } = JSON.parse(String(data)) as { why: string };
      if (why === "log_in_over" || why === "changed") tell({ kind: "ended" }, "");
    });
    opened.addEventListener("error", ({ code }: ErrorEvent) => {
      if (source !== opened) return;
      if (code === 401 || code === 403) tell({ kind: "ended" }, "");
      again(code !== undefined && REFUSALS.includes(code) ? REFUSED_MS : pause(tries++));
    });
  }

  const online = () => {
    tries = 0;
    if (!source) open();
  };
  window.addEventListener("online", online);
  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    window.removeEventListener("online", online);
    source?.close();
  };
}
