import { Modal } from "antd";
import { useTranslation } from "react-i18next";

const LIST = ["j", "k", "Enter", "x", "/", "Esc", "?"] as const;
const NAMES: Record<string, string> = {
  j: "j",
  k: "k",
  Enter: "enter",
  x: "x",
  "/": "search",
  Esc: "esc",
  "?": "help",
  n: "n",
};

/** Which keys do what. */
export function Help({ open, onClose, takes }: { open: boolean; onClose: () => void; takes: boolean }) {
  const { t } = useTranslation("desk");
  const keys = takes ? ["n", ...LIST] : LIST;
  return (
    <Modal open={open} onCancel={onClose} onOk={onClose} footer={null} title={t("keys.title")} destroyOnHidden>
      <dl className="desk-keys">
        {keys.map((key) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`keys.${NAMES[key]}`)}</dd>
          </div>
        ))}
        {takes && (
          <div>
            <dt>
              <kbd>Ctrl</kbd> <kbd>Enter</kbd>
            </dt>
            <dd>{t("keys.send")}</dd>
          </div>
        )}
      </dl>
    </Modal>
  );
}
