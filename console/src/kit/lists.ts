/** Lists that several rooms go by: groups of roles, and the states of an order. */
import type { Schemas } from "./api";

export type State = Schemas["State"];
type Role = Schemas["Role"];

/** The people of a handling unit; of a customer they learn his number alone, to reach him. */
export const UNIT: readonly Role[] = ["unit_member", "unit_head"];
/** Managers of a province, a region and headquarters. */
export const SUPERVISORS: readonly Role[] = ["province_manager", "regional_manager", "headquarters"];
/** The complaint centre. */
export const DESKS: readonly Role[] = ["agent", "team_lead", "dispatcher", "reply_auditor", "callback_agent"];
/** Who takes complaints here. */
export const TAKES: readonly Role[] = ["agent"];

/** In the order in which an order comes to them; a state that the API knows and this list does not is no program. */
const ALL: Record<State, true> = {
  registered: true,
  pending_info: true,
  triage: true,
  dispatched: true,
  in_progress: true,
  ledgered: true,
  replied: true,
  awaiting_callback: true,
  closed: true,
  not_accepted: true,
  cancelled: true,
  terminated: true,
  merged: true,
};
export const STATES = Object.keys(ALL) as readonly State[];
