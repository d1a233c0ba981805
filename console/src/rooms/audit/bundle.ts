import { canonical } from "./canonical";
import { hex, includes, joined, type Key, LOG, Malformed, readInclusion, readKey, sha256, signatures, unbase64, unhex, WITNESS } from "./note"; // prettier-ignore
import { FORM as EVENTS, named, type Proof, verify } from "./proof";

export const FORM = "whistle-bundle-1";

export const FAULTS = [
  "malformed", "changed", "unlinked", "misplaced", "unheaded", "unknown", "excluded", "forged", "unsigned", "uncosigned",
  "unstamped",
] as const; // prettier-ignore
export type BundleFault = (typeof FAULTS)[number];

/** Whom the checker believes; without keys of the log the file's own are taken, and nothing is shown about who made it. */
export interface Trust {
  log: string[];
  witnesses: string[];
  quorum: number;
}

/** What a bundle says, and what is wrong with it; with faults nothing of what it says is to be believed. */
export interface BundleVerdict {
  faults: { fault: BundleFault; seq: number }[];
  orderId: string;
  events: number;
  origin: string;
  position: string;
  size: string;
  signedBy: string[];
  cosigned: { witness: string; at: number }[];
  stamp: boolean;
  believed: boolean;
  milliseconds: number;
}

interface Bundle {
  form: string;
  order: Proof;
  proof: string;
  keys: { log: string[]; witnesses: string[] };
  stamp?: { proof: string; token: string };
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? "list" : value === null ? "null" : typeof value);

function demand(given: unknown, shape: Record<string, string>): void {
  const members = kindOf(given) === "object" ? (given as Record<string, unknown>) : {};
  if (!named(members, Object.keys(shape))) throw new Malformed("other members");
  for (const [name, kind] of Object.entries(shape)) {
    if (kindOf(members[name]) !== kind) throw new Malformed(`${name} is of another type`);
  }
}

/** The content of the file: it is written in the one way in which it can be, so nothing in it escapes what is checked. */
function read(bytes: Uint8Array): Bundle {
  let content: unknown;
  let same = false;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    content = JSON.parse(text);
    same = `${canonical(content)}\n` === text;
  } catch {
    throw new Malformed("it cannot be read");
  }
  if (!same) throw new Malformed("it is not written as RFC 8785 says");
  const shape: Record<string, string> = { form: "string", order: "object", proof: "string", keys: "object" };
  const stamped = kindOf(content) === "object" && Object.hasOwn(content as object, "stamp");
  demand(content, stamped ? { ...shape, stamp: "object" } : shape);
  const bundle = content as Bundle;
  if (bundle.stamp) demand(bundle.stamp, { proof: "string", token: "string" });
  demand(bundle.order, { order_id: "string", form: "string", events: "list", head: "object" });
  demand(bundle.order.head, { seq: "number", hash: "string" });
  if (!Number.isSafeInteger(bundle.order.head.seq)) throw new Malformed("the head's seq is no integer");
  for (const event of bundle.order.events) demand(event, { event: "object", hash: "string" });
  demand(bundle.keys, { log: "list", witnesses: "list" });
  if (bundle.form !== FORM) throw new Malformed(`its form is not ${FORM}`);
  return bundle;
}

async function keysOf(given: Bundle["keys"]): Promise<Key[]> {
  const found: Key[] = [];
  for (const [vkeys, kind] of [
    [given.log, LOG],
    [given.witnesses, WITNESS],
  ] as const) {
    for (const vkey of vkeys) {
      if (typeof vkey !== "string") throw new Malformed("a key is no text");
      const key = await readKey(vkey);
      if (key.kind !== kind) throw new Malformed("a key stands among others");
      found.push(key);
    }
  }
  const apart = (of: (key: Key) => string) => new Set(found.map(of)).size === found.length;
  if (!apart(({ name, id }) => `${name}+${id}`) || !apart(({ key }) => hex(key))) {
    throw new Malformed("a key stands there twice");
  }
  return found;
}

/** Check a bundle from nothing but its bytes and the keys that are trusted. */
export async function checkBundle(bytes: Uint8Array, trust: Trust): Promise<BundleVerdict> {
  const begun = performance.now();
  const faults: BundleVerdict["faults"] = [];
  const wrong = (fault: BundleFault, seq = 0) => faults.push({ fault, seq });
  const nothing = {
    orderId: "",
    events: 0,
    origin: "",
    position: "",
    size: "",
    signedBy: [],
    cosigned: [],
    stamp: false,
  };
  const believed = trust.log.length > 0;
  let bundle: Bundle, keys: Key[], inclusion, stamp;
  try {
    bundle = read(bytes);
    keys = await keysOf(bundle.keys);
    inclusion = readInclusion(bundle.proof);
    stamp = bundle.stamp && readInclusion(bundle.stamp.proof);
    if (bundle.stamp) unbase64(bundle.stamp.token);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    wrong("malformed");
    return { ...nothing, faults, believed, milliseconds: performance.now() - begun };
  }
  const { order } = bundle;
  const chain = await verify(order, order.order_id);
  for (const link of chain.links) for (const fault of link.faults) wrong(fault, link.place);
  if (!chain.headed) wrong("unheaded", order.head.seq);
  if (order.form !== EVENTS) wrong("unknown", order.head.seq);
  const content = unhex(order.head.hash);
  const leaf = content.length ? await sha256(joined(Uint8Array.of(0), content)) : content;
  if (!(await includes(inclusion, leaf))) wrong("excluded");
  let signedBy: string[] = [];
  let cosigned: BundleVerdict["cosigned"] = [];
  try {
    const times = await signatures(inclusion, keys);
    const logs = keys.filter(({ kind, vkey }) => kind === LOG && (!believed || trust.log.includes(vkey)));
    signedBy = logs.map(({ name, id }) => `${name}+${id}`);
    if (!logs.length) wrong("unsigned");
    const all = !trust.witnesses.length && !believed;
    const theirs = keys.filter(({ kind, vkey }) => kind === WITNESS && (all || trust.witnesses.includes(vkey)));
    cosigned = theirs.map(({ name, vkey }) => ({ witness: name, at: Number(times.get(vkey) ?? 0n) }));
    if (theirs.length < trust.quorum) wrong("uncosigned");
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    wrong("forged");
  }
  if (stamp) {
    const { lines } = stamp;
    const signers = keys.filter(({ kind, id }) => kind === LOG && lines.some((line) => line.id === id));
    const same = stamp.origin === inclusion.origin && stamp.index === inclusion.index;
    const holds = same && signers.length > 0 && (await includes(stamp, leaf));
    const checked = holds && (await signatures(stamp, signers).then(() => true, () => false)); // prettier-ignore
    if (!checked) wrong("unstamped");
  }
  return {
    faults,
    orderId: order.order_id,
    events: order.events.length,
    origin: inclusion.origin,
    position: String(inclusion.index),
    size: String(inclusion.size),
    signedBy,
    cosigned,
    stamp: Boolean(stamp),
    believed,
    milliseconds: performance.now() - begun,
  };
}

/** The trust that somebody's lines of vkeys stand for: the log's, the witnesses', and more than half of these. */
export async function trustIn(text: string): Promise<Trust> {
  const trust: Trust = { log: [], witnesses: [], quorum: 0 };
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (line) (((await readKey(line)).kind === LOG) ? trust.log : trust.witnesses).push(line); // prettier-ignore
  }
  const count = trust.witnesses.length;
  return { ...trust, quorum: Math.floor(count / 2) + Number(count > 0) };
}
