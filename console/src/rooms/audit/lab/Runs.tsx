import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Answer } from "@/kit/states";
import { Wide } from "@/kit/Wide";
import { useExact } from "../useExact";
import { useRuns } from "./data";

/** The runs that are kept, the newest first. */
export function Runs({ zone }: { zone: string }) {
  const { t } = useTranslation("lab");
  const exact = useExact(zone);
  const runs = useRuns();
  return (
    <section aria-label={t("runs")}>
      <h2>{t("runs")}</h2>
      <Answer of={runs} empty={t("noRuns")}>
        {(all) => (
          <Wide className="audit-wide" label={t("runs")}>
            <table className="audit-table">
              <caption>{t("runs")}</caption>
              <thead>
                <tr>
                  {["asked", "version", "stands", "by"].map((name) => (
                    <th scope="col" key={name}>
                      {t(name)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {all.map((run) => (
                  <tr key={run.id}>
                    <th scope="row">
                      <Link to={`?run=${run.id}`}>{exact(run.asked_at)}</Link>
                    </th>
                    <td>{run.policy || t("recorded")}</td>
                    <td>{t(`state.${run.state}`)}</td>
                    <td>{run.asked_by}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        )}
      </Answer>
    </section>
  );
}
