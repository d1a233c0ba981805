import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Admin() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.admin")}>{null}</Page>;
}
