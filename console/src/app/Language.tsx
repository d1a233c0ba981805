import { GlobalOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { speak } from "@/kit/texts";

/** Switches to the other language; says so in that language. */
export function LanguageSwitch() {
  const { i18n } = useTranslation();
  const zh = i18n.language === "zh";
  return (
    <Button type="text" icon={<GlobalOutlined />} lang={zh ? "en" : "zh"} onClick={() => speak(zh ? "en" : "zh")}>
      {zh ? "English" : "中文"}
    </Button>
  );
}
