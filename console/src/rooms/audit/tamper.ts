import { digest, type Proof } from "./proof";

/** How a copy may be tampered with, to see that it is found. */
export const WAYS = ["word", "time", "actor", "remove", "swap", "cut", "forge"] as const;
export type Way = (typeof WAYS)[number];

type Event = Record<string, unknown>;

const later = (at: unknown): string =>
  String(at).replace(/(\d)(\d{5}Z)$/, (_, digit: string, rest: string) => `${(Number(digit) + 1) % 10}${rest}`);

/**
 * A copy of the proof, tampered with at an event (by its place, from 1); the proof itself stays as it is. A forger also
 * makes the hash of the event anew.
 */
export async function tampered(proof: Proof, way: Way, place: number): Promise<Proof> {
  const copy = structuredClone(proof);
  const at = Math.min(Math.max(place, 1), copy.events.length) - 1;
  const sealed = copy.events[at];
  if (!sealed) return copy;
  const change = (changes: Event) => {
    sealed.event = { ...sealed.event, ...changes };
  };
  switch (way) {
    case "word":
      change({ reason: `${String(sealed.event.reason)}.` });
      break;
    case "time":
      change({ at: later(sealed.event.at) });
      break;
    case "actor":
      change({ actor_id: `${String(sealed.event.actor_id)}-2` });
      break;
    case "remove":
      copy.events.splice(at, 1);
      break;
    case "swap": {
      const other = copy.events[at + 1] ? at + 1 : at - 1;
      const neighbour = copy.events[other];
      if (neighbour) [copy.events[at], copy.events[other]] = [neighbour, sealed];
      break;
    }
    case "cut":
      copy.events.splice(at);
      break;
    case "forge":
      change({ reason: `${String(sealed.event.reason)}.` });
      sealed.hash = await digest(sealed.event);
      break;
  }
  return copy;
}
