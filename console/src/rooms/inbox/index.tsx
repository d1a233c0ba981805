import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";

export default function Inbox() {
  const { t } = useTranslation("kit");
  return <Page title={t("room.inbox")}>{null}</Page>;
}
