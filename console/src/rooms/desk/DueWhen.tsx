import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Card, Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { api, data } from "@/kit/api";
import { useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import type { Draft } from "./draft";
import { useLater } from "./later";

const AGAIN = 60_000;

/** What would be due when, and with whom, if this were sent now; of the customer only his tier and zone are asked with. */
export function DueWhen({ draft }: { draft: Draft }) {
  const { t } = useTranslation(["desk", "verbs"]);
  const names = useNames();
  const { category, province, channel, area, against, tier, zone, order_class } = draft;
  const asked = useLater({ category, province, channel, area: area.trim(), against, tier, zone, order_class });
  const ready = Boolean(asked.category && asked.province);
  const foreseen = useQuery({
    queryKey: ["foresee", asked],
    queryFn: () => {
      const { tier, zone, order_class, ...rest } = asked;
      const customer = { tier, name: "", phone: "", email: "", zone };
      const body = { ...rest, order_class: order_class || null, customer, title: "", text: "", source: "", reason: "" };
      return data(api.POST("/v1/orders/foresee", { body: { ...body, dispatch: true, rehearsal: false } }));
    },
    enabled: ready,
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN,
  });
  return (
    <Card size="small" title={<h2 className="desk-panel">{t("due.title")}</h2>} className="desk-due">
      {!ready ? (
        <Typography.Text type="secondary">{t("due.none")}</Typography.Text>
      ) : (
        <Answer of={foreseen}>
          {(found) => (
            <>
              <p className="desk-due-who">
                <Tag color={found.order_class === "urgent" ? "red" : "blue"}>
                  {t(`verbs:class.${found.order_class}`)}
                </Tag>
                {found.lead
                  ? t("due.with", { unit: names.unit(found.lead), clause: found.catalogue })
                  : t("due.nobody")}
                {found.co.length > 0 && ` ${t("due.co", { units: found.co.map(names.unit).join(t("due.and")) })}`}
                {found.copied.length > 0 &&
                  ` ${t("due.copied", { units: found.copied.map(names.unit).join(t("due.and")) })}`}
                {found.level > 0 && ` ${t("due.level", { level: t(`verbs:level.${found.level}`) })}`}
              </p>
              <ol className="desk-limits" aria-live="polite">
                {found.limits.map(({ key, unit, due }) => (
                  <li key={key} data-kind={due.kind}>
                    <details>
                      <summary>
                        <span>{names.zh ? due.name_zh : due.name_en}</span>
                        <strong>
                          <Instant at={due.due_at} zone={names.zone(unit || province)} />
                        </strong>
                        <span className="desk-limit-length">
                          {names.zh ? due.limit_zh : due.limit_en}
                          {unit && ` · ${names.unit(unit)}`}
                        </span>
                      </summary>
                      <p>{names.zh ? due.rule_zh : due.rule_en}</p>
                      <ul>
                        {(names.zh ? due.explained_zh : due.explained_en).map((line) => (
                          <li key={line}>{line}</li>
                        ))}
                      </ul>
                    </details>
                  </li>
                ))}
              </ol>
            </>
          )}
        </Answer>
      )}
    </Card>
  );
}
