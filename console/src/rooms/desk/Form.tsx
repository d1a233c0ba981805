import { DeleteOutlined, PaperClipOutlined } from "@ant-design/icons";
import { Button, Form as AntForm, Input, Select } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ACCEPTED } from "@/kit/files";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import { initials, useCategoryChoices } from "./categories";
import { Choice } from "./Choice";
import { type Draft, type Field, zones } from "./draft";
import type { Queue } from "./files";

const CLASSES = ["urgent", "fault", "general", "consult", "complex"] as const;
const CHANNELS = ["hotline", "web", "app", "store", "social", "12345", "regulator", "headquarters", "media", "letter"];
const TIERS = ["normal", "silver", "gold", "diamond"];

const idOf = (field: Field): string => `new-${field}`;

/** Put the cursor where something is missing or wrong. */
export const focusOn = (field: Field): void => document.getElementById(idOf(field))?.focus();

interface Props {
  draft: Draft;
  change: (given: Partial<Draft>) => void;
  queue: Queue;
  wrong: Partial<Record<Field, string>>;
  disabled: boolean;
}

/** The fields, in the order in which a caller tells them. */
export function Form({ draft, change, queue, wrong, disabled }: Props) {
  const { t } = useTranslation(["desk", "verbs"]);
  const labels = useLabels();
  const names = useNames();
  const categories = useCategoryChoices();
  const provinces = names.units
    .filter((unit) => unit.kind === "province")
    .map((unit) => ({
      value: unit.id,
      label: `${names.of(unit)} ${unit.id}`,
      words: `${unit.id} ${unit.name_zh} ${unit.name_en} ${initials(unit.name_zh)}`.toLowerCase(),
    }));
  const departments = names.units.filter((unit) => unit.kind === "department" && unit.province === draft.province);
  const item = (field: Field, control: ReactNode, more?: { required?: boolean; help?: string; wide?: boolean }) => (
    <AntForm.Item
      label={t(`form.${field}`)}
      htmlFor={idOf(field)}
      required={more?.required ?? false}
      className={more?.wide ? "desk-wide" : ""}
      {...(wrong[field] && { validateStatus: "error" as const })}
      help={wrong[field] ?? more?.help}
    >
      {control}
    </AntForm.Item>
  );
  const line = (field: Field, length: number, more: { inputMode?: "tel"; autoFocus?: boolean } = {}) => (
    <Input
      id={idOf(field)}
      value={draft[field]}
      maxLength={length}
      autoComplete="off"
      aria-invalid={Boolean(wrong[field])}
      {...more}
      onChange={(event) => change({ [field]: event.target.value })}
    />
  );
  const search = { showSearch: true, optionFilterProp: "label", popupMatchSelectWidth: false } as const;
  return (
    <AntForm layout="vertical" component="div" className="desk-form" disabled={disabled}>
      {item("phone", line("phone", 32, { inputMode: "tel", autoFocus: true }), { required: true })}
      {item("name", line("name", 200), { required: true })}
      {item(
        "category",
        <Choice
          id={idOf("category")}
          value={draft.category}
          options={categories.options}
          invalid={Boolean(wrong.category)}
          disabled={disabled}
          onChange={(category) => change({ category })}
        />,
        { required: true, help: t("form.categoryHelp") },
      )}
      {item(
        "province",
        <Choice
          id={idOf("province")}
          value={draft.province}
          options={provinces}
          invalid={Boolean(wrong.province)}
          disabled={disabled}
          onChange={(province) => change({ province, against: "" })}
        />,
        { required: true },
      )}
      {item("title", line("title", 300), { required: true, wide: true })}
      {item(
        "text",
        <Input.TextArea
          id={idOf("text")}
          value={draft.text}
          maxLength={8000}
          rows={4}
          className="desk-words"
          aria-invalid={Boolean(wrong.text)}
          onChange={(event) => change({ text: event.target.value })}
        />,
        { required: true, wide: true },
      )}
      {item(
        "order_class",
        <Select
          id={idOf("order_class")}
          value={draft.order_class}
          options={[
            { value: "", label: t("form.byCatalogue") },
            ...CLASSES.map((one) => ({ value: one, label: t(`verbs:class.${one}`) })),
          ]}
          onChange={(order_class: Draft["order_class"]) => change({ order_class })}
        />,
      )}
      {item(
        "channel",
        <Select
          id={idOf("channel")}
          value={draft.channel}
          options={CHANNELS.map((one) => ({ value: one, label: t(`verbs:channel.${one}`) }))}
          onChange={(channel: string) => change({ channel })}
        />,
      )}
      {item(
        "tier",
        <Select
          id={idOf("tier")}
          value={draft.tier}
          options={TIERS.map((one) => ({ value: one, label: labels.of("tiers", one) }))}
          onChange={(tier: string) => change({ tier })}
        />,
      )}
      {item(
        "zone",
        <Select
          id={idOf("zone")}
          {...search}
          value={draft.zone}
          options={zones(draft.zone).map((one) => ({ value: one, label: one }))}
          onChange={(zone: string) => change({ zone })}
        />,
        { help: t("form.zoneHelp") },
      )}
      {item("area", line("area", 100), { help: t("form.areaHelp") })}
      {item(
        "against",
        <Select
          id={idOf("against")}
          {...search}
          allowClear
          value={draft.against || undefined}
          options={departments.map((unit) => ({ value: unit.id, label: names.of(unit) }))}
          onChange={(against?: string) => change({ against: against ?? "" })}
        />,
        { help: t("form.againstHelp") },
      )}
      <AntForm.Item label={t("files.title")} htmlFor="new-files" help={t("files.help")}>
        <Button icon={<PaperClipOutlined />} onClick={() => document.getElementById("new-files")?.click()}>
          {t("files.choose")}
        </Button>
        <input
          id="new-files"
          type="file"
          className="desk-file"
          tabIndex={-1}
          multiple
          accept={ACCEPTED}
          disabled={disabled}
          onChange={(event) => {
            queue.add(event.target.files ?? []);
            event.target.value = "";
          }}
        />
        <ul className="desk-files">
          {queue.files.map((one) => (
            <li key={one.key}>
              {one.file.name}
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                aria-label={t("files.drop", { name: one.file.name })}
                onClick={() => queue.drop(one.key)}
              />
            </li>
          ))}
        </ul>
      </AntForm.Item>
    </AntForm>
  );
}
