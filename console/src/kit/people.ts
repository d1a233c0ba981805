import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "./api";
import { useUnits } from "./names";

export type Person = Schemas["Person"];

const RARELY = 5 * 60_000;

/** The people of a province, and of the centre and headquarters above it: whoever may have to do with its orders. */
export function usePeople(province: string) {
  const { i18n } = useTranslation();
  const zh = i18n.language.startsWith("zh");
  const units = useUnits().data;
  const places = useMemo(() => {
    const parents = new Map((units ?? []).map((unit) => [unit.id, unit.parent]));
    const found: string[] = [];
    for (let at = province; at && !found.includes(at); at = parents.get(at) ?? "") found.push(at);
    return units ? found : [];
  }, [units, province]);
  return useQueries({
    queries: places.map((at) => ({
      queryKey: ["people", at],
      queryFn: () => data(api.GET("/v1/people", { params: { query: { at } } })),
      staleTime: RARELY,
    })),
    combine: (answers) => {
      const people = answers.flatMap((answer) => answer.data ?? []);
      const byId = new Map(people.map((one) => [one.id, one]));
      return {
        people,
        name: (id: string): string => {
          const found = byId.get(id);
          return found ? (zh ? found.name_zh : found.name_en) : id;
        },
      };
    },
  });
}
