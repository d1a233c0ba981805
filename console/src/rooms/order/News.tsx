import { Button } from "antd";
import { useTranslation } from "react-i18next";

/** A quiet line: so many things happened since one looked. */
export function News({ number, onSee }: { number: number; onSee: () => void }) {
  const { t } = useTranslation("order");
  return (
    <div role="status" className="news no-print">
      {number > 0 && (
        <>
          {t("timeline.news", { number })}{" "}
          <Button size="small" type="link" onClick={onSee}>
            {t("timeline.see")}
          </Button>
        </>
      )}
    </div>
  );
}
