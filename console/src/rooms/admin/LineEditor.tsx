import { useEffect, useRef } from "react";

export interface Mark {
  line: number;
  warning: boolean;
}

export interface LineEditorProps {
  value: string;
  label: string;
  readOnly: boolean;
  marks: readonly Mark[];
  /** The line to go to; `at` makes the same one asked for again another wish. */
  goTo: { line: number; at: number } | null;
  onChange: (value: string) => void;
}

/** A text with the numbers of its lines beside it, those with faults marked. */
export function LineEditor({ value, label, readOnly, marks, goTo, onChange }: LineEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = value.split("\n").length;
  const marked = new Map<number, boolean>();
  for (const { line, warning } of marks) marked.set(line, (marked.get(line) ?? true) && warning);
  useEffect(() => {
    const text = area.current;
    if (!text || !goTo || goTo.line < 1) return;
    const before = text.value.split("\n").slice(0, goTo.line - 1);
    const start = before.reduce((sum, line) => sum + line.length + 1, 0);
    const end = text.value.indexOf("\n", start);
    text.focus();
    text.setSelectionRange(start, end < 0 ? text.value.length : end);
    text.scrollTop = Math.max(0, (text.scrollHeight / text.value.split("\n").length) * (goTo.line - 5));
  }, [goTo]);
  return (
    <div className="admin-editor">
      <div className="admin-gutter" ref={gutter} aria-hidden>
        {Array.from({ length: lines }, (_, at) => {
          const warning = marked.get(at + 1);
          return (
            <div key={at} className={warning === undefined ? "" : warning ? "warn" : "bad"}>
              {at + 1}
            </div>
          );
        })}
      </div>
      <textarea
        ref={area}
        aria-label={label}
        value={value}
        readOnly={readOnly}
        wrap="off"
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        onScroll={(event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}
