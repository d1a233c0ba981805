/** One leaf of an order's state: where it stands, and its value as it came. */
export interface Leaf {
  /** Such as `assignments`, `a1`, `status`. */
  path: readonly string[];
  value: unknown;
}

export type Difference = "same" | "changed" | "added" | "removed";

/** One line of the comparison: what was then and is today, undefined where there was or is nothing. */
export interface Line {
  path: readonly string[];
  was: unknown;
  is: unknown;
  difference: Difference;
}

/** What says nothing of an order's standing: they move with every event. */
const LEFT_OUT = new Set(["seq", "id", "status_before_return", "since", "step", "worked", "reached"]);

/** What of a limit is compared; the rest of it is told by its name, or counts by itself. */
const OF_LIMITS = new Set(["status", "due_at", "first_due_at", "paused_at", "extended", "warned"]);

/** By what the parts of a list are told apart, whatever place they have in it. */
const named = (part: unknown, index: number): string => {
  const { id, unit, kind } = part as Record<string, unknown>;
  return String(id ?? unit ?? kind ?? index + 1);
};

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** Every leaf of a state, in its order; lists of texts and numbers are leaves, what is empty is none. */
export function leaves(node: unknown, path: readonly string[] = []): Leaf[] {
  if (isEmpty(node)) return [];
  if (Array.isArray(node))
    return node.some((part) => typeof part === "object" && part !== null)
      ? node.flatMap((part, index) => leaves(part, [...path, named(part, index)]))
      : [{ path, value: node }];
  if (typeof node === "object" && node !== null)
    return Object.entries(node)
      .filter(([name]) => !LEFT_OUT.has(name) && (path[0] !== "clocks" || path.length !== 2 || OF_LIMITS.has(name)))
      .flatMap(([name, value]) => leaves(value, [...path, name]));
  return [{ path, value: node }];
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The state then beside that of today, line by line: first in the order of then, what has come since where it stands today. */
export function compare(past: unknown, today: unknown): Line[] {
  const before = leaves(past);
  const after = leaves(today);
  const [old, now] = [before, after].map((all) => new Map(all.map((leaf) => [leaf.path.join("/"), leaf])));
  const paths: string[] = [...(old?.keys() ?? [])];
  let place = 0;
  for (const path of now?.keys() ?? []) {
    const known = paths.indexOf(path);
    if (known >= 0) place = known + 1;
    else paths.splice(place++, 0, path);
  }
  return paths.map((path) => {
    const leaf = old?.get(path);
    const later = now?.get(path);
    const difference = !leaf ? "added" : !later ? "removed" : same(leaf.value, later.value) ? "same" : "changed";
    return { path: (leaf ?? later)?.path ?? [], was: leaf?.value, is: later?.value, difference };
  });
}
