import type { KeyboardEvent, ReactNode } from "react";

export interface Part {
  key: string;
  label: string;
  children: ReactNode;
}

const MOVES: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

/** Parts of a page behind tabs, which wrap where there is little room; arrows move between them. */
export function Parts({
  parts,
  open,
  onOpen,
  label,
}: {
  parts: readonly Part[];
  open: string;
  onOpen: (key: string) => void;
  label: string;
}) {
  const at = Math.max(
    0,
    parts.findIndex((part) => part.key === open),
  );
  const shown = parts[at];
  const moved = (event: KeyboardEvent) => {
    const to =
      event.key === "Home" ? 0 : event.key === "End" ? parts.length - 1 : at + (MOVES[event.key] ?? Number.NaN);
    const next = parts[(to + parts.length) % parts.length];
    if (!next) return;
    event.preventDefault();
    onOpen(next.key);
    document.getElementById(`tab-${next.key}`)?.focus();
  };
  if (!shown) return null;
  return (
    <>
      <div role="tablist" aria-label={label} className="tabs no-print">
        {parts.map(({ key, label }) => (
          <button
            key={key}
            type="button"
            role="tab"
            id={`tab-${key}`}
            aria-selected={key === shown.key}
            aria-controls="part"
            tabIndex={key === shown.key ? 0 : -1}
            onClick={() => onOpen(key)}
            onKeyDown={moved}
          >
            {label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="part" aria-labelledby={`tab-${shown.key}`}>
        {shown.children}
      </div>
    </>
  );
}
