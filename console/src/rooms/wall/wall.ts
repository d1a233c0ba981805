import { useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/kit/api";

export type Wall = Schemas["Wall"];
export type Figures = Schemas["Figures"];
export type Missing = Schemas["Missing"];
export type Breach = Schemas["Breach"];
export type Decision = Schemas["Decision"];
export type Rates = Schemas["Rates"];
export type Share = Schemas["Share"];
export type PlaceLine = Schemas["PlaceLine"];

export const PERIODS = [1, 7, 30] as const;
export type Period = (typeof PERIODS)[number];

/** The period that the address asks for. */
export const periodOf = (asked: string | null): Period => PERIODS.find((one) => String(one) === asked) ?? 1;

const OFTEN = 10_000;

/** The wall of a place, '' for one's own; read anew when something happens, and every ten seconds: what falls due moves by itself. */
export function useWall(place: string, days: Period, every = OFTEN) {
  return useQuery({
    queryKey: ["wall", place, days],
    queryFn: () => data(api.GET("/v1/wall", { params: { query: { place, days } } })),
    refetchInterval: every,
    refetchIntervalInBackground: true,
    // Another period keeps what it shows until its own is there; another place does not pass for this one.
    placeholderData: (before, query) => (query?.queryKey[1] === place ? before : undefined),
  });
}

export type Tone = "absent" | "raised" | "overdue" | "fine" | "empty";
export const TONES: readonly Tone[] = ["absent", "raised", "overdue", "fine", "empty"];

/** From which level on an order counts as raised beyond its own house. */
const HIGH = 3;

/** Orders that were raised to the province manager or higher. */
export const raised = ({ levels }: Figures): number => levels.slice(HIGH).reduce((sum, n) => sum + n, 0);

/** How a place stands at its worst, and the number that says so. */
export function toneOf(figures: Figures): { tone: Tone; count: number } {
  if (figures.unreported) return { tone: "absent", count: figures.unreported };
  if (raised(figures)) return { tone: "raised", count: raised(figures) };
  if (figures.overdue) return { tone: "overdue", count: figures.overdue };
  return figures.open ? { tone: "fine", count: figures.open } : { tone: "empty", count: 0 };
}

/** A sign for each state, so that none is told by colour alone. */
export const SIGNS: Record<Tone, string> = { absent: "✕", raised: "▲", overdue: "◷", fine: "✓", empty: "–" };

/** A share in per cent, to one place; null where nobody answered. */
export const percent = ({ yes, of }: Share): number | null => (of ? Math.round((yes / of) * 1000) / 10 : null);

export const RATES = ["response", "resolution", "satisfaction"] as const;

/** Who covers a call-back's question: completed of those that fell due. */
export const coverage = ({ due, completed }: Rates): Share => ({ yes: completed, of: due });
