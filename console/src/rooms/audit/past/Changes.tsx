import { useTranslation } from "react-i18next";
import type { Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";
import { useExact } from "../useExact";

const ISO = /^\d{4}-\d\d-\d\dT/;
const SECTIONS: Record<string, string> = {
  state: "state", order_class: "class", colour: "colour", level: "level", outcome: "outcome", status: "part",
  role: "unit_role",
}; // prettier-ignore

/** Each field that changed, with what it was and what it became. */
export function Changes({ of }: { of: readonly Schemas["FieldChange"][] }) {
  const { t } = useTranslation(["past", "audit", "verbs"]);
  const names = useNames();
  const exact = useExact(names.zone(""));
  const said = (path: string, value: unknown): string => {
    if (value === null || value === undefined || value === "") return "—";
    if (typeof value === "boolean") return t(value ? "verbs:word.yes" : "verbs:word.no");
    const text = String(value);
    if (ISO.test(text)) return exact(text);
    if (path === "lead_unit") return names.unit(text);
    return SECTIONS[path] ? t(`verbs:${SECTIONS[path]}.${text}`, text) : text;
  };
  return (
    <ul className="audit-changes">
      {of.map(({ path, before, after }) => (
        <li key={path}>
          {t(`audit:field.${path}`, t(`verbs:datum.${path}`, path))}: {said(path, before)} → {said(path, after)}
        </li>
      ))}
    </ul>
  );
}
