import { Button, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";

/** Takes all unsaved changes back, once it was asked whether they are to be lost. */
export function Undo({ disabled, onUndo }: { disabled: boolean; onUndo: () => void }) {
  const { t } = useTranslation("admin");
  return (
    <Popconfirm
      title={t("undo.sure")}
      okText={t("unsaved.leave")}
      cancelText={t("unsaved.stay")}
      okButtonProps={{ danger: true }}
      disabled={disabled}
      onConfirm={onUndo}
    >
      <Button disabled={disabled}>{t("undo.button")}</Button>
    </Popconfirm>
  );
}
