import type { Report } from "./data";
import type { Row } from "./Sides";

export const TOTALS = [
  "breached_orders", "breaches", "raised_orders", "escalations", "warnings", "dead_ends", "criticised", "notices",
  "closed", "hours_to_close",
] as const; // prettier-ignore
export const RATES = ["kept", "coverage", "contacted", "solved", "satisfied"] as const;

const number = (value: number | null | undefined): string => (value === null || value === undefined ? "—" : `${value}`);
const share = (value: number | null | undefined): string =>
  value === null || value === undefined ? "—" : `${(value * 100).toFixed(1)} %`;

/** The totals of both sides, a row each; `name` puts one into words. */
export function totals({ was, would }: Report, name: (what: string) => string): Row[] {
  return TOTALS.map((one) => ({ name: name(one), was: number(was.totals[one]), would: number(would.totals[one]) }));
}

/** The rates of both sides. */
export function rates({ was, would }: Report, name: (what: string) => string): Row[] {
  return RATES.map((one) => ({ name: name(one), was: share(was.rates[one]), would: share(would.rates[one]) }));
}

/** The counts of both sides by what they are grouped by, the highest first. */
export function grouped({ was, would }: Report, group: string, name: (what: string) => string, most = 20): Row[] {
  const [one, two] = [was.groups[group] ?? {}, would.groups[group] ?? {}];
  const weight = (key: string): number => Math.max(one[key] ?? 0, two[key] ?? 0);
  return [...new Set([...Object.keys(one), ...Object.keys(two)])]
    .sort((a, b) => weight(b) - weight(a) || a.localeCompare(b))
    .slice(0, most)
    .map((key) => ({ name: name(key), was: number(one[key] ?? 0), would: number(two[key] ?? 0) }));
}
