import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/kit/api";

export type Picture = Schemas["ProcessPicture"];
export type Times = Schemas["Times"];
export type By = "event" | "unit" | "state";
export type Axis = "happened" | "known";

export interface Asked {
  by: By;
  province?: string;
  unit?: string;
  from?: string;
  until?: string;
}

/** How orders in fact go, of a selection of them. */
export function useProcess(asked: Asked) {
  return useQuery({
    queryKey: ["process", asked],
    queryFn: () => data(api.GET("/v1/audit/process", { params: { query: { ...asked, variants: 20 } } })),
    placeholderData: keepPreviousData,
  });
}

/** The wall as it stood; without an instant as of the latest that is known whole. */
export function useBoardThen(place: string, at: string, by: Axis) {
  return useQuery({
    queryKey: ["past", "board", place, at, by],
    queryFn: () => data(api.GET("/v1/audit/board", { params: { query: { place, by, ...(at && { at }) } } })),
    placeholderData: keepPreviousData,
  });
}

/** What changed on the wall between two instants. */
export function useBoardBetween(place: string, from: string, to: string, by: Axis) {
  return useQuery({
    queryKey: ["past", "board", "between", place, from, to, by],
    queryFn: () =>
      data(api.GET("/v1/audit/board/difference", { params: { query: { place, by, from, ...(to && { to }) } } })),
    enabled: from !== "",
    placeholderData: keepPreviousData,
  });
}

/** A unit's inbox as it stood. */
export function useInboxThen(unit: string, at: string, by: Axis) {
  return useQuery({
    queryKey: ["past", "inbox", unit, at, by],
    queryFn: () =>
      data(
        api.GET("/v1/audit/inbox/{unit_id}", {
          params: { path: { unit_id: unit }, query: { by, limit: 200, ...(at && { at }) } },
        }),
      ),
    enabled: unit !== "",
    placeholderData: keepPreviousData,
  });
}

/** What changed in a unit's inbox between two instants. */
export function useInboxBetween(unit: string, from: string, to: string, by: Axis) {
  return useQuery({
    queryKey: ["past", "inbox", "between", unit, from, to, by],
    queryFn: () =>
      data(
        api.GET("/v1/audit/inbox/{unit_id}/difference", {
          params: { path: { unit_id: unit }, query: { by, from, ...(to && { to }) } },
        }),
      ),
    enabled: unit !== "" && from !== "",
    placeholderData: keepPreviousData,
  });
}
