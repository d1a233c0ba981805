import type { EventLine, Order } from "@/kit/sentences";

/** What every part of the room is given: the order as it stands today, all its events, the zone that its times are written in. */
export interface PartProps {
  order: Order;
  events: EventLine[];
  zone: string;
}
