import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { Page } from "@/kit/Page";
import { Answer } from "@/kit/states";
import { useNames } from "@/kit/names";
import { useExact } from "../useExact";
import { Ask } from "./Ask";
import { useRuns } from "./data";
import { Result } from "./Result";
import { ShadowPanel } from "./ShadowPanel";

/** What would have been: another policy over past orders, side by side; `?run=` names the run that is shown. */
export function Lab() {
  const { t } = useTranslation("lab");
  const zone = useNames().zone("");
  const exact = useExact(zone);
  const [address, setAddress] = useSearchParams();
  const runs = useRuns();
  const shown = address.get("run") ?? "";
  return (
    <Page title={t("title")} actions={<Link to="/audit">{t("back")}</Link>}>
      <p className="audit-lead">{t("lead")}</p>
      <Ask asked={(run) => setAddress({ run: run.id })} />
      {shown && <Result id={shown} />}
      <section aria-label={t("runs")}>
        <h2>{t("runs")}</h2>
        <Answer of={runs} empty={t("noRuns")}>
          {(all) => (
            <ul>
              {all.map((run) => (
                <li key={run.id}>
                  <Link to={`?run=${run.id}`}>{exact(run.asked_at)}</Link> · {run.policy || t("recorded")} ·{" "}
                  {t(`state.${run.state}`)} · {run.asked_by}
                </li>
              ))}
            </ul>
          )}
        </Answer>
      </section>
      <ShadowPanel zone={zone} />
    </Page>
  );
}
