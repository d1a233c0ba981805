import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Callbacks() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.callbacks")}>{null}</Page>;
}
