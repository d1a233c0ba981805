import { useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "./api";
import type { EventLine } from "./sentences";

const PAGE = 200;

/** The order as one is shown it, with what each role may do now. */
export function useOrder(orderId: string) {
  return useQuery({
    queryKey: ["order", orderId, "view"],
    queryFn: () => data(api.GET("/v1/orders/{order_id}", { params: { path: { order_id: orderId } } })),
  });
}

async function allEvents(orderId: string): Promise<EventLine[]> {
  const found: EventLine[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: Schemas["EventPage"] = await data(
      api.GET("/v1/orders/{order_id}/events", {
        params: { path: { order_id: orderId }, query: { after, limit: PAGE } },
      }),
    );
    found.push(...page.items);
    after = page.next;
  }
  return found;
}

/** Everything that happened to it as far as one is shown it, the first first. */
export function useEvents(orderId: string) {
  return useQuery({ queryKey: ["order", orderId, "events"], queryFn: () => allEvents(orderId) });
}
