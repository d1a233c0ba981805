import type { Schemas } from "@/kit/api";

export type DirectoryDocument = Schemas["DirectoryDocument"];
export type EntrySection = "units" | "people" | "catalogue";
export type EntryRow = Record<string, unknown>;

/** A field of an entry's form. */
export interface EntryField {
  name: string;
  /** A text by default. */
  kind?: "choice" | "choices" | "flag" | "email";
  required?: boolean;
  /** What a choice may be: the value and its words. */
  options?: { value: string; label: string }[];
  /** Only asked of a new entry: an id never changes. */
  fixed?: boolean;
  /** A longer word beside it, by its key. */
  help?: string;
}

/** What one field becomes. */
export interface Moved {
  name: string;
  before: unknown;
  after: unknown;
}

const same = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one ?? "") === JSON.stringify(other ?? "") || (isEmpty(one) && isEmpty(other));

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** The fields of an entry that differ from what is there; of a new one all that were given. */
export function moved(fields: readonly EntryField[], before: EntryRow | null, after: EntryRow): Moved[] {
  return fields
    .map(({ name }) => ({ name, before: before?.[name], after: after[name] }))
    .filter((one) => !same(one.before, one.after));
}

/** The entry as the document wants it: its id, and what moved. */
export function entryOf(moves: readonly Moved[], id: string): EntryRow {
  return { ...(id ? { id } : {}), ...Object.fromEntries(moves.map(({ name, after }) => [name, after ?? ""])) };
}

/** A document with that one entry. */
export const documentOf = (section: EntrySection, entry: EntryRow, dryRun: boolean): DirectoryDocument =>
  ({ [section]: [entry], dry_run: dryRun }) as DirectoryDocument;

/** To which field of the form a fault's path leads: `units[0].name_zh` to `name_zh`. */
export const fieldOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1).replace(/\[.*$/, "");
