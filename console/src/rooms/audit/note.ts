/**
 * Signed notes, checkpoints and cosignatures (c2sp.org: signed-note, tlog-checkpoint, tlog-cosignature v1), and proofs of
 * inclusion in a Merkle tree (RFC 9162), read strictly: what is written otherwise is refused with a `Malformed`.
 */
export class Malformed extends Error {}

/** A public key: 0x01 signs for a log, 0x04 cosigns as a witness. */
export interface Key {
  name: string;
  id: string;
  kind: number;
  key: Bytes;
  vkey: string;
}

interface Line {
  name: string;
  id: string;
  value: Bytes;
}

/** A `c2sp.org/tlog-proof@v1`, read: nothing of it is checked yet. */
export interface Inclusion {
  index: bigint;
  path: Bytes[];
  text: string;
  origin: string;
  size: bigint;
  root: Bytes;
  lines: Line[];
}

type Bytes = Uint8Array<ArrayBuffer>;

export const LOG = 1;
export const WITNESS = 4;
const PROOF = "c2sp.org/tlog-proof@v1";
const MOST = (1n << 63n) - 1n;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** What Unicode calls white space, named one by one: languages disagree about it. */
// eslint-disable-next-line no-control-regex
const SPACE = /[\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

const encoder = new TextEncoder();
export const utf8 = (text: string): Bytes => encoder.encode(text);

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The bytes of 64 hexadecimal digits; none for anything else. */
export function unhex(text: string): Bytes {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) return new Uint8Array();
  return Uint8Array.from({ length: 32 }, (_, place) => parseInt(text.slice(2 * place, 2 * place + 2), 16));
}

export const joined = (...parts: Uint8Array[]): Bytes => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export const sha256 = async (bytes: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

/** Bytes in the one writing that base64 has for them. */
export function unbase64(text: string): Bytes {
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    try {
      const bytes = atob(text);
      if (btoa(bytes) === text) return Uint8Array.from(bytes, (letter) => letter.charCodeAt(0));
    } catch {
      // refused below
    }
  }
  throw new Malformed("no base64");
}

function decimal(text: string): bigint {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) > MOST) throw new Malformed("no decimal number");
  return BigInt(text);
}

function named(name: string): string {
  if (!name || name.includes("+") || SPACE.test(name) || CONTROL.test(name)) throw new Malformed("no name of a key");
  return name;
}

/** The key that a vkey names. */
export async function readKey(vkey: string): Promise<Key> {
  const [, name = "", id = "", value = ""] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(vkey) ?? [];
  const typed = unbase64(value);
  const kind = typed[0] ?? 0;
  const own = hex((await sha256(joined(utf8(`${named(name)}\n`), typed))).subarray(0, 4));
  if (![LOG, WITNESS].includes(kind) || typed.length !== 33 || own !== id) throw new Malformed("no vkey");
  return { name, id, kind, key: typed.slice(1), vkey };
}

function readLine(line: string): Line {
  const [, name = "", value = ""] = /^\u2014 ([^ ]*) (.*)$/s.exec(line) ?? [];
  const bytes = unbase64(value);
  if (bytes.length < 5) throw new Malformed("no signature line");
  return { name: named(name), id: hex(bytes.subarray(0, 4)), value: bytes.slice(4) };
}

export function readInclusion(text: string): Inclusion {
  const cut = text.indexOf("\n\n");
  const [form, index = "", ...path] = text.slice(0, Math.max(0, cut)).split("\n");
  if (cut < 0 || form !== PROOF || !index.startsWith("index ")) throw new Malformed(`the proof is no ${PROOF}`);
  const steps = path.map(unbase64);
  if (steps.length > 63 || steps.some((step) => step.length !== 32)) throw new Malformed("a hash of the proof is none");
  const note = text.slice(cut + 2);
  if (utf8(note).length > 16_384 || CONTROL.test(note)) throw new Malformed("the checkpoint is too long");
  const blank = note.lastIndexOf("\n\n");
  const body = note.slice(0, blank + 1);
  const tail = note.slice(blank + 2);
  const [origin = "", size = "", root = "", ...more] = body.split("\n");
  if (blank < 0 || !tail.endsWith("\n") || !origin || more.pop() !== "" || more.includes("")) {
    throw new Malformed("the checkpoint is none");
  }
  const lines = tail.slice(0, -1).split("\n").map(readLine);
  const bytes = unbase64(root);
  if (bytes.length !== 32 || lines.length > 64) throw new Malformed("the checkpoint is none");
  return {
    index: decimal(index.slice("index ".length)),
    path: steps,
    text: body,
    origin,
    size: decimal(size),
    root: bytes,
    lines,
  };
}

/** Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2). */
export async function includes({ index, size, path, root }: Inclusion, leaf: Bytes): Promise<boolean> {
  if (index >= size) return false;
  let node = index;
  let last = size - 1n;
  let found = leaf;
  for (const step of path) {
    if (last === 0n) return false;
    if (node & 1n || node === last) {
      found = await sha256(joined(Uint8Array.of(1), step, found));
      while (!(node & 1n) && node) [node, last] = [node >> 1n, last >> 1n];
    } else {
      found = await sha256(joined(Uint8Array.of(1), found, step));
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  return last === 0n && hex(found) === hex(root);
}

/** The time that each key's signature names (0 for a log's), by vkey; keys and signatures go together one to one. */
export async function signatures(note: Inclusion, keys: readonly Key[]): Promise<Map<string, bigint>> {
  if (note.lines.length !== keys.length || keys.some(({ kind, name }) => kind === LOG && name !== note.origin)) {
    throw new Malformed("keys and signatures do not go together");
  }
  const found = new Map<string, bigint>();
  for (const { name, id, value } of note.lines) {
    const key = keys.find((one) => one.name === name && one.id === id);
    if (!key) continue;
    const timed = key.kind === WITNESS;
    const at = timed && value.length === 72 ? new DataView(value.buffer, value.byteOffset).getBigUint64(0) : 0n;
    const signature = timed ? value.slice(8) : value;
    const message = utf8((timed ? `cosignature/v1\ntime ${at}\n` : "") + note.text);
    if (signature.length !== 64 || at > MOST || !(await signed(key.key, signature, message))) {
      throw new Malformed(`not signed by ${name}`);
    }
    found.set(key.vkey, at);
  }
  if (found.size !== keys.length) throw new Malformed("keys and signatures do not go together");
  return found;
}

async function signed(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const known = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", known, signature, message);
}

/** Whether this browser can check such signatures at all. */
export async function canVerify(): Promise<boolean> {
  try {
    await crypto.subtle.importKey("raw", unbase64("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="), "Ed25519", false, [
      "verify",
    ]);
    return true;
  } catch {
    return false;
  }
}
