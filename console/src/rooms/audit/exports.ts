import type { Actor, EventLine } from "@/kit/sentences";

const COLUMNS = [
  "seq", "at", "type", "actor", "role", "unit", "acting_for", "reason", "policy_version", "command_id", "data", "clocks",
] as const; // prettier-ignore
/** What a spreadsheet might take for a formula, as the API's own exports know it. */
const FORMULA = /^[\s\u200b-\u200f\u2028-\u202e\u2060\ufeff]*[=+\-@＝＋－＠﹢﹣﹦﹫⁺⁻⁼−|%]|^[\t\r\n]/;

const cell = (value: unknown): string => {
  const text = typeof value === "object" ? JSON.stringify(value ?? "") : String(value ?? "");
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** Events as RFC 4180 has them, with a byte order mark; no cell is taken for a formula. */
export function eventsCsv(events: readonly EventLine[]): string {
  const rows = events.map((event) => {
    const { id = "", role = "", unit = "", acting_for = "" } = event.actor as Actor;
    const flat: Record<string, unknown> = { ...event, actor: id, role, unit, acting_for };
    return COLUMNS.map((name) => cell(flat[name])).join(",");
  });
  return `\ufeff${[COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}

/** Hand a text to the browser as a file. */
export function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
