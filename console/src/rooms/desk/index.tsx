import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Desk() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.desk")}>{null}</Page>;
}
