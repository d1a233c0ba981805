import { useTranslation } from "react-i18next";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import { type Order, useSentences } from "@/kit/sentences";
import { useExact } from "./useExact";

type Path = readonly string[];

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;
const UNITS = ["unit", "lead", "province", "against", "substitute"];
const PEOPLE = [
  "registered_by", "dispatched_by", "audited_by", "called_by", "requested_by", "reported_in_by", "return_asked_by",
  "by", "handlers",
]; // prettier-ignore
/** Of what a part's status, role or kind speaks, by the list that the part stands in: a section of the vocabulary. */
const BY_LIST: Record<string, Record<string, string>> = {
  assignments: { status: "part", role: "unit_role" },
  whistles: { status: "blow", kind: "kind" },
  attendances: { status: "presence", appeal: "appeal" },
  requests: { kind: "request" },
  clocks: { status: "ticking", kind: "clock" },
  callback: { status: "callback", satisfaction: "satisfaction" },
  customer: {},
};
const SECTIONS: Record<string, string> = {
  state: "state", resume: "state", order_class: "class", colour: "colour", priority: "priority", level: "level",
  outcome: "outcome", channel: "channel",
}; // prettier-ignore
const MINUTES = ["length", "paused"];

/** Names the fields of an order's state and writes their values in the language of the page. */
export function useWords(order: Order, zone: string) {
  const { t } = useTranslation(["audit", "verbs"]);
  const names = useNames();
  const labels = useLabels();
  const exact = useExact(zone);
  const { person } = useSentences(order, zone);

  const listOf = (path: Path): string =>
    path.length > 1 ? ([...path].reverse().find((part) => part in BY_LIST) ?? "") : "";
  const part = (list: string, name: string): string => {
    if (list === "clocks") {
      const [kind = "", ...about] = name.split("/");
      return [t(`verbs:clock.${kind}`, kind), ...about.map(names.unit)].join(" · ");
    }
    return list === "requests" ? t(`verbs:request.${name}`, name) : names.unit(name);
  };

  return {
    /** In which part of the state a field stands ('' for the order itself), and what it is called. */
    field: (path: Path): [string, string] => {
      const name = path.at(-1) ?? "";
      const above = path.slice(0, -1);
      const group = above.map((step, index) =>
        step in BY_LIST ? t(`list.${step}`) : part(above[index - 1] ?? "", step),
      );
      return [group.join(" · "), t(`field.${name}`, t(`verbs:datum.${name}`, name))];
    },
    /** A value as people read it. */
    value: (path: Path, value: unknown): string => {
      const name = path.at(-1) ?? "";
      if (typeof value === "boolean") return t(value ? "verbs:word.yes" : "verbs:word.no");
      if (Array.isArray(value))
        return value.map((one) => (PEOPLE.includes(name) ? person(String(one)) : ISO.test(String(one)) ? exact(String(one)) : String(one))).join(names.zh ? "、" : ", "); // prettier-ignore
      const text = String(value);
      if (ISO.test(text)) return exact(text);
      const section = BY_LIST[listOf(path)]?.[name] ?? (path.length === 1 ? SECTIONS[name] : undefined);
      if (section) return t(`verbs:${section}.${text}`, text);
      if (UNITS.includes(name)) return names.unit(text);
      if (PEOPLE.includes(name)) return person(text);
      if (name === "tier") return labels.of("tiers", text);
      if (name === "category") return labels.of("categories", text);
      if (name === "matter") return labels.of("whistle_matters", text);
      if (MINUTES.includes(name)) return t("minutes", { count: Math.round(Number(text)) });
      return text;
    },
  };
}
