import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import type { EntryField } from "./entries";

const ROLES = [
  "agent", "team_lead", "dispatcher", "reply_auditor", "callback_agent", "unit_member", "unit_head",
  "province_manager", "regional_manager", "headquarters", "auditor", "administrator", "channel", "regulator",
] as const; // prettier-ignore
const CLASSES = ["urgent", "fault", "general", "consult", "complex"] as const;
const KINDS = ["department", "province", "region", "headquarters"] as const;
const ANYWHERE = "*";

/** The fields of units, people and clauses, with what may be chosen, in the language of the page. */
export function useFields() {
  const { t } = useTranslation(["admin", "kit", "verbs"]);
  const names = useNames();
  const labels = useLabels();
  return useMemo(() => {
    const choice = (values: readonly string[], key: string) =>
      values.map((value) => ({ value, label: t(key + value) }));
    const unitsOf = (...kinds: string[]) =>
      names.units
        .filter((unit) => !kinds.length || kinds.includes(unit.kind))
        .map((unit) => ({ value: unit.id, label: `${names.of(unit)} (${unit.id})` }));
    const both: EntryField[] = [
      { name: "name_zh", required: true },
      { name: "name_en", required: true },
    ];
    const units: EntryField[] = [
      { name: "id", required: true, fixed: true, help: "unit_id" },
      { name: "kind", kind: "choice", required: true, options: choice(KINDS, "admin:kind."), fixed: true },
      { name: "parent", kind: "choice", options: unitsOf("headquarters", "region", "province"), help: "parent" },
      ...both,
      { name: "zone", help: "zone" },
      { name: "email", kind: "email", help: "unit_email" },
    ];
    const people: EntryField[] = [
      { name: "id", required: true, fixed: true, help: "person_id" },
      ...both,
      { name: "role", kind: "choice", required: true, options: choice(ROLES, "verbs:role.") },
      { name: "unit", kind: "choice", options: unitsOf(), help: "person_unit" },
      { name: "email", kind: "email", help: "person_email" },
      { name: "active", kind: "flag", help: "active" },
    ];
    const categories = labels.codes("categories");
    const catalogue: EntryField[] = [
      {
        name: "category",
        kind: "choice",
        required: true,
        fixed: true,
        options: categories.map((code) => ({ value: code, label: `${labels.of("categories", code)} (${code})` })),
      },
      {
        name: "province",
        kind: "choice",
        required: true,
        fixed: true,
        options: [{ value: ANYWHERE, label: t("admin:anywhere") }, ...unitsOf("province")],
      },
      { name: "order_class", kind: "choice", required: true, options: choice(CLASSES, "verbs:class.") },
      { name: "lead", kind: "choice", required: true, options: unitsOf("department") },
      { name: "co", kind: "choices", options: unitsOf("department") },
      { name: "copy", kind: "choices", options: unitsOf() },
      { name: "clause", help: "clause" },
    ];
    return { units, people, catalogue };
  }, [t, names, labels]);
}
