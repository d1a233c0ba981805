import { useEffect, useRef } from "react";

/** What each key does: `j`, `Enter`, `?`, or with Control (or the Mac's Command) `ctrl+Enter`. */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

const TYPED_INTO =
  "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true], [role=combobox]";

/** True where a key is meant for what is under it: a field, an open dialogue, a menu. */
function spokenFor(target: EventTarget | null): boolean {
  const element = target instanceof Element ? target : null;
  return Boolean(element?.closest(`${TYPED_INTO}, [role=dialog], [role=menu], [role=listbox]`));
}

/** Have keys do things on this page, but where somebody types or a dialogue is open; those with Control everywhere. */
export function useKeys(keys: Keys, on = true): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    if (!on) return undefined;
    const pressed = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return;
      const control = event.ctrlKey || event.metaKey;
      // Those with Control are heard before the field itself, since a list of choices opens with any Enter.
      if (control !== (event.eventPhase === Event.CAPTURING_PHASE)) return;
      const does = latest.current[control ? `ctrl+${event.key}` : event.key];
      if (!does || (!control && spokenFor(event.target))) return;
      const onButton = event.target instanceof Element && event.target.closest("a, button, summary");
      if (!control && onButton && (event.key === "Enter" || event.key === " ")) return;
      event.preventDefault();
      does(event);
    };
    window.addEventListener("keydown", pressed);
    window.addEventListener("keydown", pressed, true);
    return () => {
      window.removeEventListener("keydown", pressed);
      window.removeEventListener("keydown", pressed, true);
    };
  }, [on]);
}
