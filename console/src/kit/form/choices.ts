import { useTranslation } from "react-i18next";
import type { Schemas } from "../api";
import { useLabels } from "../labels";
import { useCatalogue, useNames } from "../names";
import type { Widget } from "./fields";
import { openParts, subjects, whistlesFor, type Asker } from "./readiness";

type Order = Schemas["Order"];

export interface Option {
  value: string | number;
  label: string;
}

const CLASSES = ["urgent", "fault", "general", "consult", "complex"];
const PRIORITIES = ["low", "normal", "high", "critical"];
const COLOURS = ["blue", "yellow", "red"];
const KINDS = ["routine", "emergency", "hard"];
const RESULTS = ["reached", "no_answer", "refused"];
const SATISFIED = ["satisfied", "basically", "dissatisfied"];
const LEVELS = [1, 2, 3, 4, 5];

/** What may be chosen by a control, in the language of the page; `whistle` is the one chosen so far. */
export function useChoices(order: Order, verb: string, asker: Asker) {
  const { t } = useTranslation("verbs");
  const names = useNames();
  const current = useLabels();
  const own = useLabels(order.policy_version);
  const catalogue = useCatalogue().data ?? [];
  const worded = (section: string, codes: readonly (string | number)[]): Option[] =>
    codes.map((value) => ({ value, label: t(`${section}.${value}`) }));
  const unit = (id: string): Option => ({ value: id, label: `${names.unit(id)} ${id}` });

  /** Departments: the order's own province first. */
  const departments = (): Option[] =>
    names.units
      .filter((one) => one.kind === "department")
      .sort((a, b) => Number(b.province === order.province) - Number(a.province === order.province))
      .map((one) => {
        const place = names.unit(one.province || one.parent);
        const own = names.unit(one.id);
        return { value: one.id, label: `${own.startsWith(place) ? own : `${place} ${own}`} (${one.id})` };
      });

  /** The clauses of the catalogue for the order's province. */
  const clauses = () => {
    const here = catalogue.filter((one) => one.province === order.province);
    return here.length ? here : catalogue.filter((one) => one.province === "*");
  };

  return {
    clauses,
    of: (widget: Widget, whistle = ""): Option[] => {
      switch (widget) {
        case "unit":
        case "units":
        case "place":
          return departments();
        case "whistle":
          return whistlesFor(verb, order, asker).map((one) => ({
            value: one.id,
            label: `${t("word.whistle", { id: one.id })} · ${t(`kind.${one.kind}`)} · ${own.of("whistle_matters", one.matter)}`,
          }));
        case "attendee": {
          const chosen = order.whistles.find((one) => one.id === whistle);
          return chosen ? subjects(verb, chosen, asker).map((one) => unit(one.unit)) : [];
        }
        case "co_unit":
          return openParts(order).map((one) => unit(one.unit));
        case "category":
          return [...new Set(catalogue.map((one) => one.category))]
            .filter((code) => code !== order.category)
            .map((value) => ({ value, label: `${current.of("categories", value)} (${value})` }));
        case "clause":
          return clauses().map((one) => ({
            value: one.clause,
            label: `${one.clause} · ${current.of("categories", one.category)} → ${names.unit(one.lead)}`,
          }));
        case "ground":
          return own.codes("decline_grounds").map((value) => ({ value, label: own.of("decline_grounds", value) }));
        case "matter":
          return own.codes("whistle_matters").map((value) => ({ value, label: own.of("whistle_matters", value) }));
        case "tier":
          return own.codes("tiers").map((value) => ({ value, label: own.of("tiers", value) }));
        case "kind":
          return KINDS.map((value) => ({ value, label: `${t(`kind.${value}`)} · ${t(`kind_help.${value}`)}` }));
        case "colour":
          return worded("colour", COLOURS);
        case "level":
          return worded(
            "level",
            LEVELS.filter((level) => level > order.level),
          );
        case "priority":
          return worded(
            "priority",
            PRIORITIES.filter((one) => one !== order.priority),
          );
        case "class":
          return worded("class", CLASSES);
        case "result":
          return worded("result", RESULTS);
        case "satisfaction":
          return worded("satisfaction", SATISFIED);
        default:
          return [];
      }
    },
  };
}
