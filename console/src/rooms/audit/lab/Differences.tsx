import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Answer } from "@/kit/states";
import { Wide } from "@/kit/Wide";
import { type Differing, useDiffering } from "./data";

function written(value: unknown): string {
  if (value === null || value === undefined || value === "") return "—";
  if (typeof value !== "object") return `${value as string | number | boolean}`;
  return (
    Object.entries(value as Record<string, number>)
      .map(([what, many]) => `${what} × ${many}`)
      .join(", ") || "—"
  );
}

/** The orders of a run that differ, in what, and which recorded commands did not fit. */
export function Differences({ id }: { id: string }) {
  const { t } = useTranslation(["lab", "verbs"]);
  const differing = useDiffering(id);
  const told = (order: Differing): string[] => [
    ...Object.keys(order.was).map(
      (name) => `${t(`field.${name}`, name)}: ${written(order.was[name])} → ${written(order.would[name])}`,
    ),
    ...order.commands.map(
      ({ verb, how, reason }) =>
        `${t(`verbs:verb.${verb}.label`, verb)}: ${t(`how.${how}`)}${reason ? ` (${reason})` : ""}`,
    ),
  ];
  return (
    <Answer of={{ ...differing, data: differing.data?.items }} empty={t("none")}>
      {(orders) => (
        <Wide className="audit-wide" label={t("differing")}>
          <table className="audit-table audit-broad">
            <caption>{t("differing")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("order")}</th>
                <th scope="col">{t("difference")}</th>
              </tr>
            </thead>
            <tbody>
              {orders.map((order) => (
                <tr key={order.order_id}>
                  <th scope="row">
                    {order.order_id.startsWith("M") ? (
                      order.order_id
                    ) : (
                      <Link to={`/audit/${order.order_id}`}>{order.order_id}</Link>
                    )}
                  </th>
                  <td>
                    {told(order).map((line) => (
                      <div key={line}>{line}</div>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </Answer>
  );
}
