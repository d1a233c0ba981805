import { useMe, type Role } from "@/kit/session";

const HQ: readonly Role[] = ["administrator", "headquarters"];
const ADMINISTRATORS: readonly Role[] = ["administrator"];

/** Who may do what here, as the API's own table has it; the API asks again. */
const MAY = {
  directory: ADMINISTRATORS,
  accounts: ADMINISTRATORS,
  absences: HQ,
  policies: HQ,
  templates: HQ,
  tokens: HQ,
  keys: ADMINISTRATORS,
} satisfies Record<string, readonly Role[]>;

export type Deed = keyof typeof MAY;

/** Whether one may do that: none of it in a colleague's place. */
export function useMay(): (deed: Deed) => boolean {
  const me = useMe();
  return (deed) => !me.actingFor && MAY[deed].includes(me.role);
}
