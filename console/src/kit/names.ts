import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "./api";

export type Unit = Schemas["Unit"];

const RARELY = 5 * 60_000;

/** The organisation, by unit id. */
export function useUnits() {
  return useQuery({
    queryKey: ["units"],
    queryFn: async () => (await data(api.GET("/v1/units"))) as unknown as Unit[],
    staleTime: RARELY,
  });
}

/** The policy in force: categories, matters that may be whistled, and the rest. */
export function usePolicy() {
  return useQuery({
    queryKey: ["policy", "current"],
    queryFn: () => data(api.GET("/v1/policies/current")),
    staleTime: RARELY,
  });
}

/** One version of the policy, such as that by which an order runs; it never changes. */
export function usePolicyVersion(version: string) {
  return useQuery({
    queryKey: ["policy", version],
    queryFn: () => data(api.GET("/v1/policies/{version}", { params: { path: { version } } })),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: version !== "",
  });
}

/** The catalogue: who leads which category where. */
export function useCatalogue() {
  return useQuery({ queryKey: ["catalogue"], queryFn: () => data(api.GET("/v1/catalogue")), staleTime: RARELY });
}

/** The names of units in the language of the page; an id that nobody knows stands for itself. */
export function useNames() {
  const { i18n } = useTranslation();
  const units = useUnits().data;
  const zh = i18n.language.startsWith("zh");
  return useMemo(() => {
    const byId = new Map((units ?? []).map((unit) => [unit.id, unit]));
    return {
      unit: (id: string): string => {
        const found = byId.get(id);
        return found ? (zh ? found.name_zh : found.name_en) : id;
      },
      zone: (id: string): string => byId.get(id)?.zone ?? "Asia/Shanghai",
      of: (both: { name_zh: string; name_en: string }): string => (zh ? both.name_zh : both.name_en),
      units: units ?? [],
      zh,
    };
  }, [units, zh]);
}
