/** Who is offered what beside the commands; the API has the last word, this only spares people refusals. */
import { DESKS, SUPERVISORS, UNIT } from "@/kit/lists";
import type { Role } from "@/kit/session";

export const RIGHTS = {
  reveal: [...DESKS, ...UNIT, ...SUPERVISORS, "auditor"],
  follow: [...DESKS, ...UNIT, ...SUPERVISORS],
  followers: [...DESKS, ...SUPERVISORS, "auditor"],
  invite: ["team_lead", "dispatcher", ...SUPERVISORS],
  upload: [...DESKS, ...UNIT, ...SUPERVISORS],
  link: ["agent", "team_lead", "callback_agent"],
  notices: [...DESKS, ...SUPERVISORS, "auditor"],
  accesses: ["auditor", ...SUPERVISORS],
} satisfies Record<string, Role[]>;

/** Whether a role is offered something. */
export const may = (role: Role, what: keyof typeof RIGHTS): boolean => (RIGHTS[what] as Role[]).includes(role);

/** Handling units learn a customer's number alone, to reach him. */
export const isUnit = (role: Role): boolean => UNIT.includes(role);
