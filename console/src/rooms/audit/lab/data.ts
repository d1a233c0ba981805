import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/kit/api";
import type { Problem } from "@/kit/problem";

export type Run = Schemas["LabRun"];
export type Report = Schemas["LabReport"];
export type Side = Schemas["LabSide"];
export type Asked = Schemas["LabRequest"];
export type Layer = Schemas["LayerRequest"];
export type Differing = Schemas["LabOrder"];

const MOST = 100_000;
const LOOK = 1_000;
const SHADOW_LOOK = 5_000;

/** True while a run may still come to something. */
export const going = (run: Run | undefined): boolean => run?.state === "waiting" || run?.state === "running";

/** Every published version of the policy. */
export function useVersions() {
  return useQuery({ queryKey: ["policies"], queryFn: () => data(api.GET("/v1/policies")) });
}

/** The runs that are kept, read anew while one is under way. */
export function useRuns() {
  return useQuery({
    queryKey: ["lab", "runs"],
    queryFn: () => data(api.GET("/v1/audit/lab")),
    refetchInterval: ({ state }) => (state.data?.some(going) ? LOOK : false),
  });
}

/** A run and its report, read anew until it has ended. */
export function useRun(id: string) {
  return useQuery({
    queryKey: ["lab", "run", id],
    queryFn: () => data(api.GET("/v1/audit/lab/{run_id}", { params: { path: { run_id: id } } })),
    enabled: id !== "",
    refetchInterval: ({ state }) => (going(state.data?.run) ? LOOK : false),
  });
}

/** The first orders of a run that differ. */
export function useDiffering(id: string) {
  return useQuery({
    queryKey: ["lab", "orders", id],
    queryFn: () =>
      data(api.GET("/v1/audit/lab/{run_id}/orders", { params: { path: { run_id: id }, query: { limit: 50 } } })),
  });
}

/** The layer that is asked for: a published version, or the document that a text comes to. */
export async function layerOf(version: string, text: string, parts: Layer["parts"]): Promise<Layer[]> {
  if (text.trim() === "") return version ? [{ version, parts }] : [];
  const read = await data(api.POST("/v1/policies/read", { body: { text } }));
  return [{ version: "", document: read.document, parts }];
}

/** The whole request, of what a page asks for. */
export const request = (wanted: Pick<Asked, "layers" | "from" | "until" | "province">): Asked => ({
  catalogue: [],
  category: "",
  policy_version: "",
  rehearsal: false,
  limit: MOST,
  ...wanted,
});

/** Ask the lab. */
export function useAsk(done: (run: Run) => void) {
  const queries = useQueryClient();
  return useMutation<Run, Problem, Asked>({
    mutationFn: (body) => data(api.POST("/v1/audit/lab", { body })),
    onSuccess: async (run) => {
      await queries.invalidateQueries({ queryKey: ["lab", "runs"] });
      done(run);
    },
  });
}

/** The newest policy in the shadow and its sums, read anew while it runs. */
export function useShadow() {
  return useQuery({
    queryKey: ["lab", "shadow"],
    queryFn: async () => {
      const [newest] = await data(api.GET("/v1/audit/shadows"));
      if (!newest) return null;
      const path = { shadow_id: newest.id };
      return data(api.GET("/v1/audit/shadows/{shadow_id}", { params: { path } }));
    },
    refetchInterval: ({ state }) => (state.data && !state.data.shadow.stopped_at ? SHADOW_LOOK : false),
  });
}

/** Start a policy in the shadow, or stop the one that runs. */
export function useShadowing() {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: ["lab", "shadow"] });
  const start = useMutation<unknown, Problem, Layer[]>({
    mutationFn: (layers) => data(api.POST("/v1/audit/shadows", { body: { layers, catalogue: [] } })),
    onSuccess,
  });
  const stop = useMutation<unknown, Problem, string>({
    mutationFn: (id) => data(api.POST("/v1/audit/shadows/{shadow_id}/stop", { params: { path: { shadow_id: id } } })),
    onSuccess,
  });
  return { start, stop };
}
