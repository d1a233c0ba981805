import { Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import type { Body } from "./bulk";

interface Field {
  name: string;
  as: "words" | "choice" | "unit";
  /** The codes to choose from, and where their names stand in `verbs`; the policy names the tiers. */
  codes?: readonly (string | number)[];
  texts?: string;
  required?: boolean;
}

const WHY: Field = { name: "reason", as: "words", required: true };
const words = (name: string, required = true): Field => ({ name, as: "words", required });

/** What may be done with many at once, and what each asks for; `own` has its name in this room's texts. */
export const FIELDS: Record<string, { own?: boolean; fields: readonly Field[] }> = {
  urge: { fields: [words("text", false)] },
  note: { fields: [words("text")] },
  follow: { own: true, fields: [] },
  unfollow: { own: true, fields: [] },
  reprioritise: {
    fields: [
      {
        name: "priority",
        as: "choice",
        codes: ["low", "normal", "high", "critical"],
        texts: "priority",
        required: true,
      },
      WHY,
    ],
  },
  retier: {
    fields: [{ name: "tier", as: "choice", codes: ["normal", "silver", "gold", "diamond"], required: true }, WHY],
  },
  supervise: {
    fields: [
      { name: "colour", as: "choice", codes: ["blue", "yellow", "red"], texts: "colour", required: true },
      words("instruction"),
      WHY,
    ],
  },
  escalate: {
    fields: [{ name: "level", as: "choice", codes: [1, 2, 3, 4, 5], texts: "level", required: true }, WHY],
  },
  triage: { fields: [WHY] },
  dispatch: { fields: [{ name: "lead", as: "unit", required: true }, WHY] },
};

/** True when nothing that is asked for is missing. */
export const complete = (verb: string, body: Body): boolean =>
  (FIELDS[verb]?.fields ?? []).every(({ name, required }) => !required || Boolean(String(body[name] ?? "").trim()));

/** The fields of a deed on many orders. */
export function BulkFields({ verb, body, onBody }: { verb: string; body: Body; onBody: (body: Body) => void }) {
  const { t } = useTranslation(["verbs", "desk"]);
  const names = useNames();
  const labels = useLabels();
  const departments = names.units.filter((unit) => unit.kind === "department");
  const set = (name: string) => (value: unknown) => onBody({ ...body, [name]: value });
  return (
    <Form layout="vertical">
      {(FIELDS[verb]?.fields ?? []).map(({ name, as, codes, texts, required }) => (
        <Form.Item
          key={name}
          label={t(`field.${verb}.${name}.label`)}
          required={Boolean(required)}
          htmlFor={`bulk-${name}`}
        >
          {as === "words" ? (
            <Input.TextArea
              id={`bulk-${name}`}
              maxLength={8000}
              rows={2}
              className="desk-words"
              value={String(body[name] ?? "")}
              onChange={(event) => set(name)(event.target.value)}
            />
          ) : (
            <Select
              id={`bulk-${name}`}
              showSearch
              optionFilterProp="label"
              value={body[name] as string | number | undefined}
              onChange={set(name)}
              options={
                as === "unit"
                  ? departments.map((unit) => ({ value: unit.id, label: `${names.of(unit)} (${unit.id})` }))
                  : (codes ?? []).map((code) => ({
                      value: code,
                      label: texts ? t(`${texts}.${code}`) : labels.of("tiers", String(code)),
                    }))
              }
            />
          )}
        </Form.Item>
      ))}
    </Form>
  );
}
