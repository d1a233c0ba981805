import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Floor() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.floor")}>{null}</Page>;
}
