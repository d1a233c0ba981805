/** A shift: from and until, in minutes of the day. */
type Shift = readonly [number, number];

/** Days that differ from the week: closed without shifts. */
export interface Special {
  first: string;
  last?: string;
  shifts?: Shift[];
  zh?: string;
  en?: string;
}

/** A calendar of a policy's document. */
export interface WorkCalendar {
  zh: string;
  en: string;
  zone: string;
  week: Shift[][];
  specials: Special[];
  sources?: { of: string; source: string }[];
}

/** What a day is: usual working day or day off, a holiday, a day that is worked instead, other hours. */
export type DayKind = "work" | "free" | "holiday" | "made_up" | "special";

export interface Day {
  date: string;
  number: number;
  kind: DayKind;
  shifts: readonly Shift[];
  special: Special | null;
}

const two = (value: number): string => String(value).padStart(2, "0");
const isoOf = (at: Date): string => `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;

const kindOf = (usual: readonly Shift[], special: Special | null): DayKind => {
  if (!special) return usual.length ? "work" : "free";
  if (!special.shifts?.length) return "holiday";
  return usual.length ? "special" : "made_up";
};

/** The days of a month, in weeks from Monday; null where a week begins before or ends after it. */
export function monthOf(calendar: WorkCalendar, year: number, month: number): (Day | null)[][] {
  const days: (Day | null)[] = [];
  const first = new Date(Date.UTC(year, month, 1));
  for (let blank = (first.getUTCDay() + 6) % 7; blank > 0; blank--) days.push(null);
  for (const at = first; at.getUTCMonth() === month; at.setUTCDate(at.getUTCDate() + 1)) {
    const date = isoOf(at);
    const usual = calendar.week[(at.getUTCDay() + 6) % 7] ?? [];
    const special = calendar.specials.findLast((one) => one.first <= date && date <= (one.last ?? one.first)) ?? null;
    const shifts = special ? (special.shifts ?? []) : usual;
    days.push({ date, number: at.getUTCDate(), kind: kindOf(usual, special), shifts, special });
  }
  while (days.length % 7) days.push(null);
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

/** Hours as people write them: 09:00–12:00, 13:30–18:00. */
export const hours = (shifts: readonly Shift[]): string =>
  shifts.map(([from, until]) => `${clock(from)}–${clock(until)}`).join(", ");

const clock = (minutes: number): string => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
