/** Which verbs are owed now, which may be asked for, and why another would have nothing to be about. */
import type { Schemas } from "../api";

type Order = Schemas["Order"];
type Whistle = Schemas["Whistle"];
type Attendance = Schemas["Attendance"];

export interface Asker {
  role: string;
  unit: string;
}

const UNIT = ["unit_member", "unit_head"];
const GONE = ["return_upheld", "withdrawn"];
const AT_WORK = ["blown", "joint_handling"];
const CALLED = ["planned", "deferred", "attempting"];

const live = (order: Order) =>
  order.assignments.filter((one) => one.round === order.round && !GONE.includes(one.status));
const mine = (order: Order, unit: string) => live(order).find((one) => one.unit === unit && one.role !== "copy");
const leads = (order: Order, unit: string) => live(order).some((one) => one.unit === unit && one.role === "lead");
const asked = (order: Order, kind: string) => order.requests.some((one) => one.kind === kind);

/** The attendances of a whistle that a verb is about, for somebody; none where it is not about that whistle now. */
export function subjects(verb: string, whistle: Whistle, asker: Asker): Attendance[] {
  const own = whistle.attendances.filter((one) => one.unit === asker.unit);
  const working = AT_WORK.includes(whistle.status);
  const among = (many: Attendance[], ...statuses: string[]) => many.filter((one) => statuses.includes(one.status));
  switch (verb) {
    case "answer_whistle":
      return working ? among(own, "summoned") : [];
    case "contact_whistle":
      return working ? among(own, "summoned", "signed") : [];
    case "report_in":
      return working ? among(own, "summoned", "signed", "contacted") : [];
    case "finish_part":
      return working ? among(own, "reported_in") : [];
    case "excuse":
      return working ? among(whistle.attendances, "summoned", "signed", "contacted", "reported_in") : [];
    case "rate_attendance":
      return whistle.status === "verified" ? among(whistle.attendances, "done") : [];
    case "appeal_rating":
      return own.filter((one) => one.rating && !one.appeal);
    case "decide_appeal":
      return whistle.attendances.filter((one) => one.appeal === "pending");
    default:
      return whistle.attendances;
  }
}

const all = (whistle: Whistle, ...statuses: string[]) =>
  whistle.attendances.every((one) => statuses.includes(one.status));

/** The whistles that a verb may be about now. */
export function whistlesFor(verb: string, order: Order, asker: Asker): Whistle[] {
  return order.whistles.filter((whistle) => {
    switch (verb) {
      case "decide_whistle":
        return whistle.status === "requested";
      case "review_whistle":
        return whistle.kind === "emergency" && whistle.valid == null;
      case "dispose": {
        const lead =
          whistle.lead || live(order).find((one) => one.role === "lead")?.unit || whistle.attendances[0]?.unit;
        return (
          AT_WORK.includes(whistle.status) &&
          all(whistle, "done", "excused") &&
          (!UNIT.includes(asker.role) || lead === asker.unit)
        );
      }
      case "verify_whistle":
        return whistle.status === "disposed";
      default:
        return subjects(verb, whistle, asker).length > 0;
    }
  });
}

const WHISTLED = [
  "decide_whistle", "review_whistle", "answer_whistle", "contact_whistle", "report_in", "finish_part", "excuse",
  "dispose", "verify_whistle", "rate_attendance", "appeal_rating", "decide_appeal",
]; // prettier-ignore
const OF_LEAD = ["request_return", "extend", "ledger", "settle", "explain_part", "reply", "request_termination"];
const OF_PART = ["contact", "report_progress", ...OF_LEAD];

/** Why a verb that the state admits would be about nothing now, as a key of `verbs:not_now`; '' where it may be tried. */
export function notNow(verb: string, order: Order, asker: Asker): string {
  if (WHISTLED.includes(verb)) return whistlesFor(verb, order, asker).length ? "" : "no_whistle";
  const part = mine(order, asker.unit);
  if (verb === "sign") return part?.status === "offered" ? "" : part ? "signed" : "not_yours";
  if (verb === "submit_part")
    return part?.role !== "co" ? "not_yours" : ["submitted", "accepted"].includes(part.status) ? "handed_in" : "";
  if (OF_LEAD.includes(verb) && !leads(order, asker.unit)) return "not_yours";
  if (OF_PART.includes(verb) && !part) return "not_yours";
  if (verb === "request_info" && UNIT.includes(asker.role) && !leads(order, asker.unit)) return "not_yours";
  if (verb === "contact" && part?.status === "offered") return "sign_first";
  if (verb === "request_return" && part?.designated) return "designated";
  if (verb === "explain_part" && !openParts(order).length) return "no_part";
  if (verb === "decide_return") return live(order).some((one) => one.status === "return_requested") ? "" : "no_request";
  if (verb === "decide_extension") return asked(order, "extension") ? "" : "no_request";
  if (verb === "decide_ledger") return asked(order, "ledger") ? "" : "no_request";
  if (verb === "terminate") return asked(order, "termination") ? "" : "no_request";
  if (verb === "record_callback") return order.callback && CALLED.includes(order.callback.status) ? "" : "no_call";
  if (verb === "rate_by_sms") return order.callback?.status === "sms_sent" ? "" : "no_call";
  if (verb === "review_callback") return order.callback?.status === "under_review" ? "" : "no_review";
  if (verb === "escalate" && order.level >= 5) return "top";
  return "";
}

/** The co units whose part is neither in nor explained. */
export const openParts = (order: Order) =>
  live(order).filter((one) => one.role === "co" && !one.explained && !["submitted", "accepted"].includes(one.status));

/** The verbs that meet a limit of each kind, or lead there in the same hands. */
export const MEETS: Record<string, readonly string[]> = {
  dispatch: ["dispatch"],
  sign: ["sign"],
  contact: ["contact"],
  due: ["reply", "settle"],
  co_due: ["submit_part"],
  progress: ["report_progress"],
  return_decision: ["decide_return"],
  reply_audit: ["audit_reply"],
  callback: ["record_callback"],
  callback_review: ["review_callback"],
  rating: ["rate_by_sms"],
  info: ["supply_info"],
  extension_decision: ["decide_extension"],
  ledger_decision: ["decide_ledger"],
  termination_decision: ["terminate"],
  appeal_decision: ["decide_appeal"],
  whistle_review: ["review_whistle"],
  whistle_decision: ["decide_whistle"],
  whistle_sign: ["answer_whistle"],
  whistle_contact: ["contact_whistle"],
  whistle_report_in: ["report_in"],
};
/** What is owed although no limit runs for it. */
const UNTIMED = ["finish_part", "dispose", "verify_whistle", "rate_attendance"];

export interface Action {
  verb: string;
  /** The limit that it meets, the nearest; '' where none runs. */
  due: string;
  paused: boolean;
  owed: boolean;
  /** Why not now; '' where it may be tried. */
  why: string;
}

/** What somebody may do to an order: what is owed first, by the nearest limit, and all else that its state admits. */
export function actionsOf(order: Order, verbs: readonly string[], asker: Asker): Action[] {
  const found = verbs.map((verb): Action => {
    const why = notNow(verb, order, asker);
    const clocks = Object.values(order.clocks ?? {})
      .filter((clock) => MEETS[clock.kind]?.includes(verb) && (!clock.unit || clock.unit === asker.unit))
      .sort((a, b) => a.due_at.localeCompare(b.due_at));
    const owed = !why && (clocks.length > 0 || UNTIMED.includes(verb));
    return { verb, why, owed, due: owed ? (clocks[0]?.due_at ?? "") : "", paused: clocks[0]?.status === "paused" };
  });
  return found.sort(
    (a, b) =>
      Number(b.owed) - Number(a.owed) ||
      (a.due || "9").localeCompare(b.due || "9") ||
      Number(!!a.why) - Number(!!b.why),
  );
}
