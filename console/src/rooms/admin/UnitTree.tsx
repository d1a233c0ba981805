import { CaretDownOutlined, CaretRightOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNames, type Unit } from "@/kit/names";

/** Every unit under the one above it; what is searched for stays in sight with what is above. */
export function UnitTree({ selected, onSelect }: { selected: string; onSelect: (unit: string) => void }) {
  const { t } = useTranslation("admin");
  const { units } = useNames();
  const [text, setText] = useState("");
  const [opened, setOpened] = useState<ReadonlySet<string>>(() => above(units, selected));
  const tree = useMemo(() => below(units), [units]);
  const shown = useMemo(() => found(units, text.trim().toLowerCase()), [units, text]);
  const toggle = (unit: string) =>
    setOpened((before) => {
      const after = new Set(before);
      if (!after.delete(unit)) after.add(unit);
      return after;
    });
  return (
    <div className="admin-tree">
      <Input.Search
        allowClear
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-label={t("organisation.find")}
        placeholder={t("organisation.find")}
      />
      <Branch
        units={tree.get("") ?? []}
        {...{ tree, shown, selected, onSelect, toggle }}
        isOpen={(unit) => shown !== null || opened.has(unit)}
      />
      {shown?.size === 0 && <p>{t("nothing_found")}</p>}
    </div>
  );
}

interface BranchProps {
  units: readonly Unit[];
  tree: ReadonlyMap<string, Unit[]>;
  /** The units in sight; null for all. */
  shown: ReadonlySet<string> | null;
  selected: string;
  isOpen: (unit: string) => boolean;
  onSelect: (unit: string) => void;
  toggle: (unit: string) => void;
}

function Branch({ units, ...rest }: BranchProps) {
  const { t } = useTranslation("admin");
  const names = useNames();
  const { tree, shown, selected, isOpen, onSelect, toggle } = rest;
  return (
    <ul>
      {units
        .filter((unit) => shown === null || shown.has(unit.id))
        .map((unit) => {
          const children = tree.get(unit.id) ?? [];
          const open = isOpen(unit.id);
          const name = names.of(unit);
          return (
            <li key={unit.id}>
              <div className="admin-unit">
                {children.length > 0 ? (
                  <button
                    type="button"
                    className="admin-toggle"
                    aria-expanded={open}
                    aria-label={t("organisation.toggle", { name })}
                    onClick={() => toggle(unit.id)}
                  >
                    {open ? <CaretDownOutlined /> : <CaretRightOutlined />}
                  </button>
                ) : (
                  <span className="admin-toggle" />
                )}
                <button
                  type="button"
                  className="admin-name"
                  aria-current={selected === unit.id ? "true" : undefined}
                  onClick={() => onSelect(unit.id)}
                >
                  {name} <small>{unit.id}</small>
                </button>
              </div>
              {open && children.length > 0 && <Branch units={children} {...rest} />}
            </li>
          );
        })}
    </ul>
  );
}

/** The units below each one; those without one above stand under ''. */
function below(units: readonly Unit[]): Map<string, Unit[]> {
  const made = new Map<string, Unit[]>();
  for (const unit of units) made.set(unit.parent, [...(made.get(unit.parent) ?? []), unit]);
  return made;
}

/** What must be open for a unit to be in sight: all above it, and the topmost. */
function above(units: readonly Unit[], selected: string): ReadonlySet<string> {
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const made = new Set(units.filter((unit) => !unit.parent).map((unit) => unit.id));
  for (let at = byId.get(selected); at && !(made.has(at.id) && at.parent); at = byId.get(at.parent)) made.add(at.id);
  return made;
}

/** The units that a text names, and all above them; null without a text. */
function found(units: readonly Unit[], text: string): ReadonlySet<string> | null {
  if (!text) return null;
  const byId = new Map(units.map((unit) => [unit.id, unit]));
  const made = new Set<string>();
  for (const unit of units)
    if (`${unit.id} ${unit.name_zh} ${unit.name_en}`.toLowerCase().includes(text))
      for (let at: Unit | undefined = unit; at && !made.has(at.id); at = byId.get(at.parent)) made.add(at.id);
  return made;
}
