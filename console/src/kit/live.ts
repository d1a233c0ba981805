import type { QueryClient } from "@tanstack/react-query";

export type LiveState = "live" | "reconnecting" | "off";

/** Keep the queries true to what happens; answers with what stops it. */
export function startLive(_queries: QueryClient): () => void {
  return () => undefined;
}

/** Whether what is shown follows what happens. */
export function useLive(): LiveState {
  return "off";
}
