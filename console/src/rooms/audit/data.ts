import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/kit/api";
import type { Proof } from "./proof";

export type OrderAsOf = Schemas["OrderAsOf"];
export type Deadline = Schemas["Deadline"];
export type AccessLine = Schemas["AccessLine"];

const path = (orderId: string) => ({ order_id: orderId });

/** The order as it stood after an event. The past does not change: what was read once is kept. */
export function useAsOf(orderId: string, seq: number) {
  return useQuery({
    queryKey: ["past", orderId, seq],
    queryFn: () => data(api.GET("/v1/orders/{order_id}/as-of", { params: { path: path(orderId), query: { seq } } })),
    enabled: seq > 0,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  });
}

/** Every limit's whole life, as the ledger keeps it. */
export function useDeadlines(orderId: string) {
  return useQuery({
    queryKey: ["order", orderId, "deadlines"],
    queryFn: () => data(api.GET("/v1/orders/{order_id}/deadlines", { params: { path: path(orderId) } })),
  });
}

/** Who looked at the order, the latest first. */
export function useAccesses(orderId: string) {
  return useInfiniteQuery({
    queryKey: ["accesses", orderId],
    queryFn: ({ pageParam }) =>
      data(
        api.GET("/v1/orders/{order_id}/accesses", {
          params: { path: path(orderId), query: { cursor: pageParam, limit: 50 } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
  });
}

/** The order's proof as it is stored. */
export function useProof(orderId: string) {
  return useQuery({
    queryKey: ["order", orderId, "proof"],
    queryFn: async () =>
      (await data(api.GET("/v1/orders/{order_id}/proof", { params: { path: path(orderId) } }))) as Proof,
  });
}
