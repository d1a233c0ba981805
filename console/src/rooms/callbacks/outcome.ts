import type { CallLine } from "./queue";

/** What the customer has answered so far; null is not asked yet. */
export interface Answers {
  contacted: boolean | null;
  solved: boolean | null;
  satisfaction: Satisfaction | null;
}

export const SATISFACTION = ["satisfied", "basically", "dissatisfied"] as const;
export type Satisfaction = (typeof SATISFACTION)[number];
export type Question = keyof Answers;

export const NOTHING: Answers = { contacted: null, solved: null, satisfaction: null };

/** The questions that are asked: before a reply there is nothing yet to be content with. */
export const questions = (line: Pick<CallLine, "expiry">): Question[] =>
  line.expiry ? ["contacted", "solved"] : ["contacted", "solved", "satisfaction"];

/** The question that is to be asked now; undefined when all are answered. */
export const question = (line: Pick<CallLine, "expiry">, said: Answers): Question | undefined =>
  questions(line).find((one) => said[one] === null);

/** The answers with one more: the `number`th of what may be answered to the present question, from 1. */
export function answered(line: Pick<CallLine, "expiry">, said: Answers, number: number): Answers {
  const asked = question(line, said);
  if (!asked) return said;
  if (asked === "satisfaction") {
    const mark = SATISFACTION[number - 1];
    return mark ? { ...said, satisfaction: mark } : said;
  }
  return number === 1 || number === 2 ? { ...said, [asked]: number === 1 } : said;
}

/** The answers without the last one. */
export function back(line: Pick<CallLine, "expiry">, said: Answers): Answers {
  const asked = questions(line).findLast((one) => said[one] !== null);
  return asked ? { ...said, [asked]: null } : said;
}

/** Whether the customer must be asked why. */
export const unhappy = (said: Answers): boolean =>
  said.contacted === false || said.solved === false || said.satisfaction === "dissatisfied";

/** The command's body of a call in which the customer answered. */
export function reached(said: Answers, why: string): Record<string, unknown> {
  const body: Record<string, unknown> = { result: "reached", contacted: said.contacted, solved: said.solved };
  if (said.satisfaction) body.satisfaction = said.satisfaction;
  if (why.trim()) body.why = why.trim();
  return body;
}
