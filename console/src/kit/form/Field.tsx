import { Checkbox, Form, Input, Radio } from "antd";
import { useTranslation } from "react-i18next";
import { useNow } from "../time";
import type { FieldSpec, Widget } from "./fields";
import { instantOf, offsetOf, wallClock } from "./instants";
import { Chosen, Suggested } from "./Listed";
import type { Option } from "./choices";

const FEW = ["choice", "kind", "colour", "result", "satisfaction", "priority", "level"];
const MARKS = ["report_in", "cooperation", "quality", "result"];
const LONG = 8000;

interface Control<T> {
  id?: string;
  value?: T;
  onChange?: (value: T | undefined) => void;
}

/** An instant, on the clocks of a zone. */
function InstantField({ id, value, onChange, zone }: Control<string> & { zone: string }) {
  const now = useNow();
  return (
    <Input
      id={id}
      type="datetime-local"
      value={value ? wallClock(value, zone) : ""}
      onChange={(event) => onChange?.(event.target.value ? instantOf(event.target.value, zone) : undefined)}
      suffix={<span className="quiet">{offsetOf(zone, value ?? new Date(now).toISOString())}</span>}
    />
  );
}

type Marks = Record<string, number | string>;

/** Four marks from 1 to 5, and a word on them; `optional` ones are left out until one says to correct them. */
function RatingField({ id, value, onChange, optional }: Control<Marks> & { optional: boolean }) {
  const { t } = useTranslation("verbs");
  const open = !optional || value !== undefined;
  const set = (name: string, mark: number | string) => onChange?.({ ...value, [name]: mark });
  return (
    <div id={id} role="group" className="marks">
      {optional && (
        <Checkbox
          checked={open}
          onChange={(event) =>
            onChange?.(event.target.checked ? Object.fromEntries(MARKS.map((mark) => [mark, 3])) : undefined)
          }
        >
          {t("choice.decide_appeal.rating.yes")}
        </Checkbox>
      )}
      {open &&
        MARKS.map((mark) => (
          <div key={mark} className="mark">
            <span id={`mark-${mark}`}>{t(`rating.${mark}`)}</span>
            <Radio.Group
              aria-labelledby={`mark-${mark}`}
              optionType="button"
              options={[1, 2, 3, 4, 5].map((value) => ({ value, label: String(value) }))}
              value={value?.[mark]}
              onChange={(event) => set(mark, event.target.value as number)}
            />
          </div>
        ))}
      {open && (
        <Input
          aria-label={t("rating.comment")}
          placeholder={t("rating.comment")}
          value={value?.comment}
          maxLength={LONG}
          onChange={(event) => set("comment", event.target.value)}
        />
      )}
    </div>
  );
}

export const complete = (value: unknown): boolean =>
  MARKS.every((mark) => Number((value as Marks | undefined)?.[mark]) >= 1);

function Few({
  id,
  value,
  onChange,
  options,
  label,
}: Control<unknown> & { options: (Option | { value: boolean; label: string })[]; label: string }) {
  return (
    <Radio.Group
      id={id}
      aria-label={label}
      className="few"
      value={value}
      onChange={(event) => onChange?.(event.target.value)}
      options={options}
    />
  );
}

function control(
  widget: Widget,
  options: Option[],
  label: string,
  yesNo: { value: boolean; label: string }[],
  zone: string,
  required: boolean,
) {
  if (widget === "line") return <Input maxLength={LONG} autoComplete="off" />;
  if (widget === "words") return <Input.TextArea rows={3} maxLength={LONG} />;
  if (widget === "instant") return <InstantField zone={zone} />;
  if (widget === "rating") return <RatingField optional={!required} />;
  if (widget === "choice") return <Few options={yesNo} label={label} />;
  if (FEW.includes(widget)) return <Few options={options} label={label} />;
  if (widget === "clause" || widget === "place")
    return (
      <Suggested
        options={options}
        showSearch={{
          filterOption: (typed, option) =>
            String(option?.label ?? "")
              .toLowerCase()
              .includes(typed.toLowerCase()),
        }}
        allowClear
      />
    );
  return (
    <Chosen
      options={options}
      allowClear={!required}
      mode={widget === "units" ? "multiple" : undefined}
      showSearch={{ optionFilterProp: "label" }}
    />
  );
}

/** One field of a command: its label, its control, what helps to fill it, and what is wrong with it. */
export function Field({
  verb,
  field,
  options,
  zone,
  required,
}: {
  verb: string;
  field: FieldSpec;
  options: Option[];
  zone: string;
  required: boolean;
}) {
  const { t, i18n } = useTranslation("verbs");
  const key = `field.${verb}.${field.name}`;
  const help = i18n.exists(`verbs:${key}.help`) ? t(`${key}.help`) : undefined;
  const label = t(`${key}.label`);
  const yesNo = [true, false].map((value) => ({
    value,
    label: t(`choice.${verb}.${field.name}.${value ? "yes" : "no"}`),
  }));
  return (
    <Form.Item
      name={field.name}
      label={label}
      extra={help}
      required={required}
      rules={[
        {
          validator: (_, value: unknown) => {
            const missing =
              value === undefined ||
              value === null ||
              (typeof value === "string" && !value.trim()) ||
              (Array.isArray(value) && !value.length);
            const short = field.widget === "rating" && !missing && !complete(value);
            return (required && missing) || short
              ? Promise.reject(new Error(t("refusal_field.fill", { label })))
              : Promise.resolve();
          },
        },
      ]}
    >
      {control(field.widget, options, label, yesNo, zone, required)}
    </Form.Item>
  );
}
