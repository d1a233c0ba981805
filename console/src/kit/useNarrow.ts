import { useSyncExternalStore } from "react";

const query = matchMedia("(max-width: 800px)");

function subscribe(changed: () => void): () => void {
  query.addEventListener("change", changed);
  return () => query.removeEventListener("change", changed);
}

/** True on a phone, or in a window as narrow as one. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => query.matches);
