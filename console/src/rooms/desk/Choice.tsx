import { Input } from "antd";
import { useState } from "react";

export interface Option {
  value: string;
  label: string;
  /** By what it is found, in lower case. */
  words: string;
}

interface Props {
  id: string;
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
  invalid: boolean;
  disabled: boolean;
}

const MOST = 12;

/**
 * One of many, by typing some letters of it: the first that fits is taken with Tab or Enter. Everything happens within
 * the key's own event, so that fast fingers are never ahead of it.
 */
export function Choice({ id, value, options, onChange, invalid, disabled }: Props) {
  const [typed, setTyped] = useState<string>();
  const [at, setAt] = useState(0);
  const chosen = options.find((option) => option.value === value);
  const open = typed !== undefined;
  const wanted = (typed ?? "").trim().toLowerCase();
  const found = open ? options.filter((option) => option.words.includes(wanted)).slice(0, MOST) : [];
  const show = (text: string) => {
    setTyped(text);
    setAt(0);
  };
  const take = (option: Option | undefined) => {
    if (option) onChange(option.value);
    setTyped(undefined);
  };
  return (
    <div className="choice">
      <Input
        id={id}
        role="combobox"
        autoComplete="off"
        aria-expanded={open && found.length > 0}
        aria-autocomplete="list"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[at] ? `${id}-${found[at].value}` : undefined}
        aria-invalid={invalid}
        disabled={disabled}
        value={typed ?? chosen?.label ?? value}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => show(event.target.value)}
        onClick={() => !open && show("")}
        onBlur={() => take(wanted ? found[at] : undefined)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            if (!open) show("");
            else setAt(Math.max(0, Math.min(found.length - 1, at + (event.key === "ArrowDown" ? 1 : -1))));
          } else if (event.key === "Enter" && open && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            take(found[at]);
          } else if (event.key === "Escape" && open) {
            event.preventDefault();
            setTyped(undefined);
          } else if (event.key === "Tab" && wanted) take(found[at]);
        }}
      />
      {open && found.length > 0 && (
        <div role="listbox" id={`${id}-list`} className="choice-list" aria-labelledby={id}>
          {found.map((option, index) => (
            <div
              key={option.value}
              id={`${id}-${option.value}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onMouseDown={(event) => {
                event.preventDefault();
                take(option);
              }}
            >
              {option.label}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
