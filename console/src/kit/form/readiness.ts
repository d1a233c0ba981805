/**
 * Which verbs are owed now, which may be asked for, and why another would be refused, as far as the order itself tells.
 * The rules are the server's; a test walks real orders and compares what is offered here with what the inbox says.
 */
import type { Schemas } from "../api";
import { SUPERVISORS, UNIT } from "../lists";

type Order = Schemas["Order"];
type Whistle = Schemas["Whistle"];
type Attendance = Schemas["Attendance"];

export interface Asker {
  role: Schemas["Role"];
  unit: string;
  id: string;
  /** In whose place one acts; '' for oneself. */
  actingFor: string;
}

const GONE = ["return_upheld", "withdrawn"];
const AT_WORK = ["blown", "joint_handling"];
const CALLED = ["planned", "deferred", "attempting"];

/** Statuses of a whistle that keeps the reply from being given. */
const OPEN_WHISTLE = ["requested", ...AT_WORK, "disposed"];

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

/** Who may blow a whistle of each kind that others ask for. */
const APPROVERS: Record<Whistle["kind"], readonly Schemas["Role"][]> = {
  routine: ["team_lead", ...SUPERVISORS],
  hard: SUPERVISORS,
  emergency: [],
};

/** Done by another person than who asked for the whistle. */
const JUDGES = ["decide_whistle", "review_whistle"];

/** The whistles that a verb may be about now. */
export function whistlesFor(verb: string, order: Order, asker: Asker): Whistle[] {
  return order.whistles.filter((whistle) => {
    if (JUDGES.includes(verb) && same(asker, [whistle.requested_by])) return false;
    switch (verb) {
      case "decide_whistle":
        return whistle.status === "requested" && APPROVERS[whistle.kind].includes(asker.role);
      case "review_whistle":
        return whistle.kind === "emergency" && whistle.valid == null;
      case "dispose": {
        const lead =
          whistle.lead || live(order).findLast((one) => one.role === "lead")?.unit || whistle.attendances[0]?.unit;
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
/** Asked for once; a second request waits for the first one's decision. */
const REQUESTS: Record<string, string> = { extend: "extension", ledger: "ledger", request_termination: "termination" };
/** Not before the order's return is decided. */
const AFTER_RETURN = ["reply", "request_return"];
/** Asked for before the due time. */
const IN_TIME = ["extend", "ledger"];
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
  if (AFTER_RETURN.includes(verb) && live(order).some((one) => one.status === "return_requested"))
    return "return_waits";
  if (verb === "reply" && openParts(order).length) return "part_open";
  if (verb === "reply" && whistleWaits(order)) return whistleWaits(order);
  if (REQUESTS[verb] && asked(order, REQUESTS[verb])) return "asked";
  if (IN_TIME.includes(verb) && !due(order, part?.id ?? "")) return "too_late";
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
  if (same(asker, judged(verb, order))) return "same_person";
  if (verb === "escalate" && order.level >= 5) return "top";
  return "";
}

/** The co units whose part is neither in nor explained. */
export const openParts = (order: Order) =>
  order.assignments.filter(
    (one) => one.role === "co" && !one.explained && ["offered", "signed", "working"].includes(one.status),
  );

/** What an open whistle waits for, as a key of `verbs:not_now`; '' where none is open. */
export function whistleWaits(order: Order): string {
  const open = order.whistles.find((one) => OPEN_WHISTLE.includes(one.status));
  if (!open) return "";
  if (open.status === "requested") return "whistle_undecided";
  if (open.status === "disposed") return "whistle_unverified";
  return all(open, "done", "excused") ? "whistle_undisposed" : "whistle_open";
}

/** Whether the due time of a part is still to come. */
const due = (order: Order, part: string): boolean =>
  Object.entries(order.clocks ?? {}).some(
    ([key, clock]) =>
      clock.kind === "due" &&
      key.split("/")[1] === part &&
      clock.status !== "breached" &&
      Date.now() < Date.parse(clock.due_at),
  );

/** Whose work a verb judges: nobody judges his own. */
function judged(verb: string, order: Order): readonly string[] {
  const asked = (kind: string) => order.requests.filter((one) => one.kind === kind).map((one) => one.by);
  switch (verb) {
    case "decide_return":
      return live(order).flatMap((one) => (one.status === "return_requested" ? [one.return_asked_by] : []));
    case "decide_extension":
      return asked("extension");
    case "decide_ledger":
      return asked("ledger");
    case "terminate":
      return [...asked("termination"), ...order.handlers];
    case "audit_reply":
      return order.handlers;
    case "record_callback":
      return [...order.handlers, order.audited_by];
    case "review_callback":
      return [...order.handlers, order.audited_by, order.called_by];
    default:
      return [];
  }
}

const same = (asker: Asker, people: readonly string[]): boolean =>
  [asker.id, asker.actingFor].some((one) => one !== "" && people.includes(one));

/** The verbs that meet a limit of each kind, or lead there in the same hands. */
export const MEETS: Record<string, readonly string[]> = {
  dispatch: ["dispatch"],
  sign: ["sign"],
  contact: ["contact"],
  due: ["reply", "settle"],
  target: ["reply", "settle"],
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
