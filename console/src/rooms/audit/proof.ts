import { canonical } from "./canonical";

/** One event as it is stored, and the hash that is recorded with it. */
export interface Sealed {
  event: Record<string, unknown>;
  hash: string;
}

/** What `GET /v1/orders/{order_id}/proof` gives: all that is needed to verify it. */
export interface Proof {
  order_id: string;
  form: string;
  events: Sealed[];
  head: { seq: number; hash: string };
}

/**
 * What is wrong with a link: its hash is not that of what is recorded; it does not name the hash before it; it is not the
 * next of this order. Or with the head: it does not name the last event.
 */
export type Fault = "changed" | "unlinked" | "misplaced" | "unheaded";

/** What became of one event's link. */
export interface Link {
  place: number;
  seq: number;
  type: string;
  at: string;
  hash: string;
  computed: string;
  faults: Fault[];
}

export interface Verdict {
  links: Link[];
  /** True where the proof is of the form that this program recomputes. */
  known: boolean;
  /** True where the proof is of the order that was asked for: another's may be whole in itself. */
  own: boolean;
  /** True where the head names the last event. */
  headed: boolean;
  whole: boolean;
  milliseconds: number;
}

/** The definition of a link that this program knows. */
export const FORM = "whistle-events-1";

const FIELDS = [
  "acting_for", "actor_id", "at", "clocks", "command_id", "data", "order_id", "policy_version", "previous", "reason",
  "role", "seq", "type", "unit",
]; // prettier-ignore

const HASH = /^[0-9a-f]{64}$/;

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Whether the record has members of exactly these names. */
export function named(given: object, names: readonly string[]): boolean {
  return Object.keys(given).length === names.length && names.every((name) => Object.hasOwn(given, name));
}

/** The SHA-256 of a link as RFC 8785 writes it; '' for what is no link. */
export async function digest(event: Record<string, unknown>): Promise<string> {
  if (!named(event, FIELDS)) return "";
  try {
    return hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(event))));
  } catch (error) {
    if (error instanceof TypeError) return "";
    throw error;
  }
}

/** Recompute every hash of an order's proof, from nothing but the proof. */
export async function verify(proof: Proof, orderId: string): Promise<Verdict> {
  const begun = performance.now();
  const computed = await Promise.all(proof.events.map(({ event }) => digest(event)));
  let previous = "";
  const links = proof.events.map(({ event, hash }, index): Link => {
    const faults: Fault[] = [];
    if (event.seq !== index + 1 || event.order_id !== proof.order_id) faults.push("misplaced");
    if (event.previous !== previous) faults.push("unlinked");
    if (!HASH.test(hash) || computed[index] !== hash) faults.push("changed");
    previous = hash;
    return {
      place: index + 1,
      seq: Number(event.seq),
      type: String(event.type),
      at: String(event.at),
      hash,
      computed: computed[index] ?? "",
      faults,
    };
  });
  const headed = links.length > 0 && proof.head.seq === links.length && proof.head.hash === previous;
  const known = proof.form === FORM;
  const own = proof.order_id === orderId;
  const whole = headed && known && own && links.every(({ faults }) => faults.length === 0);
  return { links, known, own, headed, whole, milliseconds: performance.now() - begun };
}
