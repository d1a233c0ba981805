import type { EventLine } from "@/kit/sentences";

/** How a clock was during a while: it ran, stood still, waited for a verdict, or ran past its limit. */
export type Going = "running" | "paused" | "answered" | "late";

export interface Stretch {
  from: number;
  to: number;
  going: Going;
}

/** Something that became of a clock: what, when it fell due or was done, by which event. */
export interface Mark {
  at: number;
  seq: number;
  change: string;
}

/** One clock's whole life, from the events of its order; instants in milliseconds. */
export interface Lifeline {
  key: string;
  kind: string;
  unit: string;
  rule: string;
  begin: number;
  end: number | null;
  due: number;
  firstDue: number;
  stretches: Stretch[];
  marks: Mark[];
}

interface Clock {
  kind: string;
  unit: string;
  rule: string;
  started_at: string;
  due_at: string;
  first_due_at: string;
  status: string;
}

interface Change {
  key: string;
  change: string;
  clock: Clock | null;
  fell_due?: string | null;
}

const GOING: Record<string, Going> = { running: "running", paused: "paused", answered: "answered", breached: "late" };

type Life = Lifeline & { going: Going; since: number };

/** The clocks of an order, the first begun first; those that still run go on to `now`. */
export function lifelines(events: readonly EventLine[], now: number): Lifeline[] {
  const lives = new Map<string, Life>();
  for (const event of events)
    for (const change of (event.clocks ?? []) as unknown as Change[]) {
      const at = Date.parse(change.fell_due ?? event.at);
      const clock = change.clock;
      let life = lives.get(change.key);
      if (!life) {
        if (!clock) continue;
        const begin = Date.parse(clock.started_at);
        life = {
          key: change.key, kind: clock.kind, unit: clock.unit, rule: clock.rule, begin, end: null,
          due: Date.parse(clock.due_at), firstDue: Date.parse(clock.first_due_at), stretches: [], marks: [],
          going: "running", since: begin,
        }; // prettier-ignore
        lives.set(change.key, life);
      }
      if (clock) life.due = Date.parse(clock.due_at);
      life.marks.push({ at, seq: event.seq, change: change.change });
      const going = GOING[clock?.status ?? ""] ?? life.going;
      if (going !== life.going || !clock) turn(life, at, going);
      if (!clock) life.end = at;
    }
  for (const life of lives.values()) if (life.end === null) turn(life, Math.max(now, life.since), life.going);
  return [...lives.values()]
    .map(({ key, kind, unit, rule, begin, end, due, firstDue, stretches, marks }): Lifeline => {
      return { key, kind, unit, rule, begin, end, due, firstDue, stretches, marks };
    })
    .sort((one, other) => one.begin - other.begin);
}

function turn(life: Life, at: number, going: Going): void {
  if (at > life.since) life.stretches.push({ from: life.since, to: at, going: life.going });
  life.since = Math.max(at, life.since);
  life.going = going;
}
