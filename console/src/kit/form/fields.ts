/** Every verb's form: which fields it asks for, with which control; a test compares it with the API's document. */

/** How a field is asked for. */
export type Widget =
  | "line" | "words" | "unit" | "units" | "choice" | "instant" | "whistle" | "attendee" | "co_unit" | "rating"
  | "category" | "clause" | "ground" | "matter" | "kind" | "colour" | "level" | "priority" | "class" | "tier"
  | "version" | "result" | "satisfaction" | "place"; // prettier-ignore

export interface FieldSpec {
  name: string;
  widget: Widget;
  required?: boolean;
  /** Required when the values given so far say so, though the API itself does not always ask for it. */
  requiredWhen?: (values: Values) => boolean;
  /** Shown only then; what is hidden is not sent. */
  when?: (values: Values) => boolean;
  /** The choice that is made at first. */
  initial?: unknown;
}

export type Values = Record<string, unknown>;

const text = (name: string, required = true): FieldSpec => ({ name, widget: "words", required });
const line = (name: string, required = true): FieldSpec => ({ name, widget: "line", required });
const one = (name: string, widget: Widget, required = true): FieldSpec => ({ name, widget, required });
const choice = (name: string): FieldSpec => ({ name, widget: "choice", required: true });
const WHY: FieldSpec = { name: "reason", widget: "words", required: true };
const REMARK: FieldSpec = { name: "reason", widget: "words" };
const WHISTLE = one("whistle", "whistle");
const reached = (values: Values): boolean => values.result === "reached";
const unhappy = (values: Values): boolean =>
  values.result === "refused" ||
  values.solved === false ||
  values.contacted === false ||
  values.satisfaction === "dissatisfied";

/** Taking a complaint has a page of its own; attaching a document goes by sending it. */
export const ELSEWHERE = ["register", "attach"];

export const FORMS: Record<string, readonly FieldSpec[]> = {
  answer_at_once: [text("answer"), REMARK],
  decline: [one("ground", "ground"), text("other_route"), WHY],
  request_info: [text("question"), line("asked_by"), WHY],
  supply_info: [text("text"), REMARK],
  triage: [WHY],
  dispatch: [
    one("lead", "unit"),
    one("co", "units", false),
    one("copy", "units", false),
    { name: "designate", widget: "choice", initial: false },
    REMARK,
  ],
  sign: [REMARK],
  contact: [line("spoke_to"), text("summary"), line("record", false), REMARK],
  request_return: [one("clause", "clause"), one("suggested_unit", "unit"), WHY],
  decide_return: [choice("upheld"), WHY],
  extend: [one("until", "instant"), WHY],
  decide_extension: [choice("granted"), WHY],
  ledger: [text("plan"), one("until", "instant"), WHY],
  decide_ledger: [choice("approved"), WHY],
  settle: [text("result"), REMARK],
  report_progress: [text("text"), REMARK],
  submit_part: [text("done"), REMARK],
  explain_part: [one("unit", "co_unit"), WHY],
  reply: [one("received_at", "instant"), line("spoke_to"), text("done"), one("done_by", "instant"), REMARK],
  audit_reply: [choice("accepted"), { ...REMARK, requiredWhen: (values) => values.accepted === false }],
  record_callback: [
    { name: "result", widget: "result", required: true, initial: "reached" },
    { name: "contacted", widget: "choice", when: reached, requiredWhen: reached },
    { name: "solved", widget: "choice", when: reached, requiredWhen: reached },
    { name: "satisfaction", widget: "satisfaction", when: reached, requiredWhen: reached },
    { name: "why", widget: "words", when: (values) => values.result !== "no_answer", requiredWhen: unhappy },
    REMARK,
  ],
  rate_by_sms: [
    { name: "contacted", widget: "choice" },
    choice("solved"),
    one("satisfaction", "satisfaction"),
    { name: "why", widget: "words", requiredWhen: unhappy },
    REMARK,
  ],
  review_callback: [choice("rework"), text("explanation"), WHY],
  request_termination: [text("ground"), WHY],
  terminate: [choice("approved"), WHY],
  withdraw: [line("proof"), WHY],
  reopen: [{ name: "conference", widget: "choice", initial: false }, WHY],
  urge: [text("text", false), REMARK],
  supervise: [one("colour", "colour"), text("instruction"), WHY],
  escalate: [one("level", "level"), WHY],
  note: [text("text"), REMARK],
  relabel: [one("category", "category"), WHY],
  reprioritise: [one("priority", "priority"), WHY],
  retier: [one("order_class", "class", false), one("tier", "tier", false), WHY],
  migrate_policy: [one("version", "version"), WHY],
  request_whistle: [
    one("kind", "kind"),
    one("matter", "matter"),
    one("units", "units"),
    one("lead", "unit", false),
    WHY,
  ],
  decide_whistle: [WHISTLE, choice("blow"), WHY],
  review_whistle: [WHISTLE, choice("valid"), WHY],
  answer_whistle: [WHISTLE, REMARK],
  contact_whistle: [WHISTLE, line("spoke_to"), REMARK],
  report_in: [WHISTLE, line("who"), REMARK],
  finish_part: [WHISTLE, text("done"), REMARK],
  excuse: [WHISTLE, one("unit", "attendee"), one("substitute", "place"), WHY],
  dispose: [WHISTLE, text("result"), REMARK],
  verify_whistle: [WHISTLE, choice("solved"), { ...REMARK, requiredWhen: (values) => values.solved === false }],
  rate_attendance: [WHISTLE, one("unit", "attendee"), one("rating", "rating"), REMARK],
  appeal_rating: [WHISTLE, text("ground"), WHY],
  decide_appeal: [WHISTLE, one("unit", "attendee"), one("rating", "rating", false), WHY],
};

/** The fields that are asked for, given what was said so far. */
export const fieldsNow = (verb: string, values: Values): FieldSpec[] =>
  (FORMS[verb] ?? []).filter((field) => !field.when || field.when(values));

/** Whether a field must be filled now. */
export const mustFill = (field: FieldSpec, values: Values): boolean =>
  Boolean(field.required || field.requiredWhen?.(values));
