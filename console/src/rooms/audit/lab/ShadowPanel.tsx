import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";
import { Failed, Loading } from "@/kit/states";
import { useExact } from "../useExact";
import { useShadow, useShadowing } from "./data";
import { Sides } from "./Sides";

const SUMS = ["breached_orders", "breaches", "raised_orders", "escalations", "notices"];

/** What the policy in the shadow would have made of the live orders so far. */
export function ShadowPanel({ zone }: { zone: string }) {
  const { t } = useTranslation("lab");
  const exact = useExact(zone);
  const shadow = useShadow();
  const { stop } = useShadowing();
  const found = shadow.data;
  return (
    <section aria-label={t("shadow.title")}>
      <h2>{t("shadow.title")}</h2>
      {shadow.isPending && <Loading rows={2} />}
      {shadow.error && <Failed error={shadow.error} retry={() => void shadow.refetch()} />}
      {found === null && <p>{t("shadow.none")}</p>}
      {found && (
        <>
          <p>
            {found.shadow.policy} · {t("shadow.since", { at: exact(found.shadow.started_at) })}
            {found.shadow.stopped_at && ` · ${t("shadow.stopped", { at: exact(found.shadow.stopped_at) })}`}
          </p>
          {found.shadow.behind && <Alert type="info" showIcon title={t("shadow.behind")} />}
          <p>
            {t("shadow.summary", {
              orders: found.sums["orders"],
              differ: found.sums["differ"],
              newly: found.sums["newly_breached"],
            })}
          </p>
          <Sides
            title={t("totals")}
            rows={SUMS.map((name) => ({
              name: t(`total.${name}`),
              was: `${found.sums[`${name}_was`] ?? 0}`,
              would: `${found.sums[`${name}_would`] ?? 0}`,
            }))}
          />
          {!found.shadow.stopped_at && (
            <Button loading={stop.isPending} onClick={() => stop.mutate(found.shadow.id)}>
              {t("shadow.stop")}
            </Button>
          )}
          {stop.error && <Failed error={stop.error} />}
        </>
      )}
    </section>
  );
}
