import { useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "./api";
import "./clockAccount.css";
import { useNames } from "./names";

/** Why a limit ended as it did: which hours counted, what moved it, who held the order; nothing is asked while `key` is ''. */
export function useClockAccount(orderId: string, key: string) {
  return useQuery({
    queryKey: ["order", orderId, "clock", key],
    queryFn: () =>
      data(api.GET("/v1/orders/{order_id}/clocks/{key}", { params: { path: { order_id: orderId, key } } })),
    enabled: key !== "",
  });
}

/** Begins a line that belongs to the one above it. */
const DETAIL = "  · ";

/** An account line by line, in the language of the page. */
export function ClockAccount({ of }: { of: Schemas["Explanation"] }) {
  const names = useNames();
  return (
    <ol className="clock-account">
      {(names.zh ? of.zh : of.en).map((line, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- lines may be alike, and never change places
        <li key={at} className={line.startsWith(DETAIL) ? "clock-account-detail" : ""}>
          {line.startsWith(DETAIL) ? line.slice(DETAIL.length) : line}
        </li>
      ))}
    </ol>
  );
}
