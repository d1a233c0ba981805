import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Audit() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.audit")}>{null}</Page>;
}
