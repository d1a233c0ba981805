import type { Schemas } from "../api";
import { fieldsNow, FORMS, type Values } from "./fields";
import { openParts, subjects, whistlesFor, type Asker } from "./readiness";

type Order = Schemas["Order"];
type Clause = Schemas["store__directory__Entry"];

const HOUR = 3_600_000;
const later = (at: string, milliseconds: number): string => new Date(Date.parse(at) + milliseconds).toISOString();

/** What a form begins with: what the order says already, so that nobody has to enter it again. */
export function presets(verb: string, order: Order, asker: Asker, now: string, catalogue: readonly Clause[]): Values {
  const given: Values = {};
  for (const field of FORMS[verb] ?? []) if (field.initial !== undefined) given[field.name] = field.initial;
  const whistles = (FORMS[verb] ?? []).some((field) => field.name === "whistle") ? whistlesFor(verb, order, asker) : [];
  const whistle = whistles[0];
  if (whistle) {
    given.whistle = whistle.id;
    const attendee = subjects(verb, whistle, asker)[0];
    if (FORMS[verb]?.some((field) => field.widget === "attendee") && attendee) given.unit = attendee.unit;
  }
  const lead = order.assignments.findLast((one) => one.round === order.round && one.role === "lead");
  const due = Object.values(order.clocks ?? {}).find((clock) => clock.kind === "due");
  if (verb === "reply") {
    given.received_at = lead?.signed_at ?? lead?.dispatched_at ?? order.registered_at;
    given.done_by = now;
  }
  if (verb === "extend" && due) given.until = later(due.due_at, 24 * HOUR);
  if (verb === "ledger") given.until = later(now, 30 * 24 * HOUR);
  if (verb === "explain_part") given.unit = openParts(order)[0]?.unit;
  if (verb === "escalate") given.level = order.level + 1;
  if (verb === "dispatch") {
    const rule =
      catalogue.find((one) => one.category === order.category && one.province === order.province) ??
      catalogue.find((one) => one.category === order.category && one.province === "*");
    if (rule) Object.assign(given, { lead: rule.lead, co: rule.co, copy: rule.copy });
  }
  return given;
}

const empty = (value: unknown): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

/** The body of a command: what was given in the fields that are asked for now, without what was left empty. */
export function bodyOf(verb: string, values: Values): Values {
  const body: Values = {};
  for (const { name } of fieldsNow(verb, values)) {
    const value = values[name];
    const said = typeof value === "string" ? value.trim() : value;
    if (!empty(said)) body[name] = said;
  }
  return body;
}
