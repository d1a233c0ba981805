import { useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Schemas } from "@/kit/api";
import type { State } from "@/kit/lists";
import { columnNames, type ColumnName } from "@/kit/orderColumns";
import type { OrderFilters } from "@/kit/orderPages";
import { type Role, useMe } from "@/kit/session";

export type Sort = Schemas["Sort"];

export const SORTS: readonly Sort[] = ["due", "newest", "oldest", "updated", "level"];
const ONE = ["province", "unit", "category", "text"] as const;
const OWN_FIRST: Role[] = ["agent", "team_lead"];

export interface Address {
  filters: OrderFilters;
  columns: readonly ColumnName[] | undefined;
  mine: boolean;
  /** Take these filters, and leave the others as they are; undefined takes one away. */
  change: (filters: Partial<Record<string, string | string[] | undefined>>) => void;
  /** Take these and no others. */
  replace: (given: URLSearchParams) => void;
  text: string;
}

/** What the list is asked by stands in the address, so that a link shows the same to whoever may see it. */
export function useAddress(): Address {
  const me = useMe();
  const [asked, setAsked] = useSearchParams();
  const key = asked.toString();
  return useMemo(() => {
    const mine = asked.has("scope") ? asked.get("scope") === "mine" : OWN_FIRST.includes(me.role);
    const filters: OrderFilters = { sort: (asked.get("sort") as Sort | null) ?? "newest" };
    const states = asked.getAll("state") as State[];
    if (states.length) filters.state = states;
    for (const name of ONE) if (asked.get(name)) filters[name] = asked.get(name) ?? "";
    if (asked.get("level")) filters.level = Number(asked.get("level"));
    if (asked.has("overdue")) filters.overdue = asked.get("overdue") === "true";
    if (mine) filters.following = true;
    const columns = asked
      .getAll("column")
      .filter((name): name is ColumnName => columnNames.includes(name as ColumnName));
    return {
      filters,
      columns: columns.length ? columns : undefined,
      mine,
      text: key,
      change: (given) => {
        const next = new URLSearchParams(key);
        for (const [name, value] of Object.entries(given)) {
          next.delete(name);
          for (const one of [value ?? []].flat()) if (one) next.append(name, one);
        }
        setAsked(next, { replace: true });
      },
      replace: (given) => setAsked(given),
    };
    // oxlint-disable-next-line react/exhaustive-deps -- `key` says all that is in `asked`
  }, [key, me.role, setAsked]);
}

/** The address of a view that was kept. */
export function addressOf(view: Schemas["KeptView"]): URLSearchParams {
  const found = new URLSearchParams();
  const { state = [], unit, province, category, level, overdue, following, sort } = view.filters;
  for (const one of state) found.append("state", one);
  for (const [name, value] of Object.entries({ unit, province, category })) if (value) found.set(name, value);
  if (level) found.set("level", String(level));
  if (overdue !== null && overdue !== undefined) found.set("overdue", String(overdue));
  found.set("scope", following ? "mine" : "all");
  if (sort) found.set("sort", sort);
  for (const name of view.columns) found.append("column", name);
  return found;
}
