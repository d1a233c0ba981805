import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";

export interface AboutToProps {
  /** What will be recorded, in the words of the buttons. */
  said: string[];
  seconds: number;
  onRecord: () => void;
  onUndo: () => void;
}

/** What is recorded in a moment, and that it can still be taken back; it stays in sight wherever the page stands. */
export function AboutTo({ said, seconds, onRecord, onUndo }: AboutToProps) {
  const { t } = useTranslation("callbacks");
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      className="calls-about"
      title={
        <>
          <strong data-said>{said.join(t("outcome.join"))}</strong>
          <br />
          {t("outcome.about_to", { seconds })}
        </>
      }
      description={
        <div className="calls-choices">
          <Button type="primary" onClick={onRecord}>
            {t("outcome.at_once")}
          </Button>
          <Button onClick={onUndo}>{t("outcome.undo")}</Button>
        </div>
      }
    />
  );
}
