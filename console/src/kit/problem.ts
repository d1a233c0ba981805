import i18next from "i18next";
import type { components } from "@/api/schema";

export type ProblemBody = components["schemas"]["ProblemBody"];

/** What the API refused, or could not do: its code, and the words for it in both languages. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly body: Partial<ProblemBody>;

  constructor(body: Partial<ProblemBody>, status: number) {
    super(body.detail || body.title || body.code || String(status));
    this.body = body;
    this.status = status;
    this.code = body.code ?? (status ? "internal_error" : "offline");
  }

  /** The title in the language of the page. */
  get title(): string {
    const zh = i18next.language.startsWith("zh");
    return (
      (zh ? this.body.title_zh : this.body.title) ||
      i18next.t(`kit:problem.${this.code}`, i18next.t("kit:problem.unknown"))
    );
  }

  /** True where asking the same again may help: nobody knows the outcome, or the way there is broken. */
  get again(): boolean {
    return [
      "outcome_unknown",
      "command_pending",
      "unavailable",
      "not_yet_recorded",
      "too_many_requests",
      "offline",
    ].includes(this.code);
  }

  /** True where what the user saw is no longer so. */
  get stale(): boolean {
    return this.status === 409 || this.status === 412;
  }
}

/** Any error as a Problem; what is none of the API's stands for a broken way there. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem({ detail: String(error) }, 0);
}
