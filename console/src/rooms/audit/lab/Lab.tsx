import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { Page } from "@/kit/Page";
import { useNames } from "@/kit/names";
import { Ask } from "./Ask";
import { Result } from "./Result";
import { Runs } from "./Runs";
import { ShadowPanel } from "./ShadowPanel";

/** What would have been: another policy over past orders, side by side; `?run=` names the run that is shown. */
export function Lab() {
  const { t } = useTranslation("lab");
  const zone = useNames().zone("");
  const [address, setAddress] = useSearchParams();
  const shown = address.get("run") ?? "";
  return (
    <Page title={t("title")} actions={<Link to="/audit">{t("back")}</Link>}>
      <p className="audit-lead">{t("lead")}</p>
      <Ask asked={(run) => setAddress({ run: run.id })} />
      {shown && <Result id={shown} />}
      <Runs zone={zone} />
      <ShadowPanel zone={zone} />
    </Page>
  );
}
