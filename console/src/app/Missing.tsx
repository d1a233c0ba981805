import { Button, Result } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

/** Shown where there is no such page, or where it is not for one's role. */
export function Missing({ forbidden }: { forbidden?: boolean }) {
  const { t } = useTranslation("kit");
  return (
    <Result
      status={forbidden ? "403" : "404"}
      title={t(forbidden ? "forbidden" : "missing")}
      extra={
        <Link to="/">
          <Button type="primary">{t("home")}</Button>
        </Link>
      }
    />
  );
}
