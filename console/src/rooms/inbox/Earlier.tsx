import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data } from "@/kit/api";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import { StateTag } from "@/kit/tags";
import { Instant } from "@/kit/time";

/** The line's history: other orders of the same customer that this department handled; nothing says who he is. */
export function Earlier({ orderId, zone }: { orderId: string; zone: string }) {
  const { t } = useTranslation(["inbox", "verbs"]);
  const names = useNames();
  const labels = useLabels();
  const earlier = useQuery({
    queryKey: ["order", orderId, "earlier"],
    queryFn: () => data(api.GET("/v1/orders/{order_id}/earlier", { params: { path: { order_id: orderId } } })),
  });
  return (
    <section className="inbox-section">
      <h3>{t("earlier.title")}</h3>
      <Answer of={earlier} empty={t("earlier.none")}>
        {(found) => (
          <ul className="inbox-people">
            {found.map((one) => (
              <li key={one.order_id}>
                <Instant at={one.registered_at} zone={zone} /> <Link to={`/orders/${one.order_id}`}>{one.title}</Link> ·{" "}
                {labels.of("categories", one.category)} · {names.unit(one.lead_unit)} <StateTag state={one.state} />
                {one.outcome && t(`verbs:outcome.${one.outcome}`)}
                {one.reopens > 0 && ` · ${t("earlier.reopened", { count: one.reopens })}`}
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </section>
  );
}
