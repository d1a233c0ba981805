import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from "react";
import { api, carryAlong, data, onUnauthenticated, type Schemas } from "./api";
import { Problem } from "./problem";

export type SessionView = Schemas["SessionView"];
export type Role = Schemas["Role"];

/** Who works at this console, and in whose place. */
export interface Me {
  id: string;
  name_zh: string;
  name_en: string;
  role: Role;
  unit: string;
  province: string;
  /** The colleague in whose place one acts now; '' for oneself. */
  actingFor: string;
  session: SessionView;
  act: (person: string) => void;
}

const MeContext = createContext<Me | null>(null);
const ACTING = "whistle.acting";

/** Who works here; only below `SessionGate`. */
export function useMe(): Me {
  const me = use(MeContext);
  if (!me) throw new Error("useMe stands outside SessionGate");
  return me;
}

/** The log-in of this browser: null where there is none. */
export function useSession() {
  return useQuery<SessionView | null>({
    queryKey: ["session"],
    queryFn: async () => {
      try {
        return await data(api.GET("/v1/session"));
      } catch (error) {
        if (error instanceof Problem && error.code === "unauthenticated") return null;
        throw error;
      }
    },
    staleTime: 60_000,
    refetchOnWindowFocus: true,
  });
}

/** Keeps who is logged in at hand for what is inside; `session` is there and its password is one's own. */
export function SessionProvider({ session, children }: { session: SessionView; children: ReactNode }) {
  const queries = useQueryClient();
  const [acting, setActing] = useState(() => sessionStorage.getItem(ACTING) ?? "");
  const colleague = session.acting.find((one) => one.absent === acting);
  const actingFor = colleague ? acting : "";
  carryAlong({ csrf: session.csrf, actingFor });
  const identity = useQuery({
    queryKey: ["me", actingFor],
    queryFn: () => data(api.GET("/v1/me")),
    enabled: actingFor !== "",
  });
  const act = useCallback(
    (person: string) => {
      sessionStorage.setItem(ACTING, person);
      setActing(person);
      carryAlong({ actingFor: person });
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    },
    [queries],
  );
  useEffect(() => {
    // The log-in's own query is refused too; asking it anew then would never end.
    onUnauthenticated.does = () => {
      const asked = queries.isFetching({ queryKey: ["session"] }) > 0;
      if (!asked) void queries.invalidateQueries({ queryKey: ["session"] });
    };
  }, [queries]);
  const me = useMemo(() => {
    const who = (actingFor && identity.data ? identity.data : session.who) as SessionView["who"];
    const { id, name_zh, name_en, role, unit = "", province = "" } = who;
    return { id, name_zh, name_en, role, unit, province, actingFor, session, act };
  }, [actingFor, identity.data, session, act]);
  return <MeContext value={me}>{children}</MeContext>;
}
