import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, send, type Schemas } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import { useMe } from "@/kit/session";
import { may } from "./rights";

/** Who follows an order, where the role may know. */
export function useFollowers(orderId: string) {
  const { role } = useMe();
  return useQuery({
    queryKey: ["order", orderId, "followers"],
    queryFn: () => data(api.GET("/v1/orders/{order_id}/followers", { params: { path: { order_id: orderId } } })),
    enabled: may(role, "followers"),
  });
}

/** Have somebody, '' for oneself, follow the order or no longer. */
export function useFollowing(orderId: string) {
  const queries = useQueryClient();
  return useMutation<Schemas["Following"], Problem, { person: string; follow: boolean }>({
    mutationFn: ({ person, follow }) =>
      send("POST", `/v1/orders/${orderId}/${follow ? "follow" : "unfollow"}`, { person }),
    onSuccess: (found) => {
      queries.setQueryData(["order", orderId, "followers"], found);
      void queries.invalidateQueries({ queryKey: ["orders"] });
    },
  });
}
