import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Order() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.order")}>{null}</Page>;
}
