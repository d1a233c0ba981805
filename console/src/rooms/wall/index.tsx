import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Wall() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.wall")}>{null}</Page>;
}
