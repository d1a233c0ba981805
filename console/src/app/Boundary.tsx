import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useRouteError } from "react-router";
import { Failed } from "@/kit/states";

/** Shown where a page failed: never a blank one. */
export function Boundary() {
  const { t } = useTranslation("kit");
  const error = useRouteError();
  return (
    <section className="alone">
      <h1>{t("failed")}</h1>
      <Failed error={error} />
      <Button type="primary" onClick={() => location.reload()}>
        {t("reload")}
      </Button>
    </section>
  );
}
