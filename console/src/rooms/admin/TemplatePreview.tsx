import { Card, Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import { Failed, Loading } from "@/kit/states";

const SIDES = ["zh", "en"] as const;

/** The notice as it will read, in both languages side by side. */
export function TemplatePreview({
  of,
  error,
  template,
}: {
  of: Schemas["TemplatePreview"] | undefined;
  error: Problem | null;
  template: string;
}) {
  const { t } = useTranslation("admin");
  return (
    <Card
      size="small"
      title={<h3 className="admin-h2">{t("template.preview")}</h3>}
      extra={of && <Tag>{of.order ? t("template.real", { order: of.order, seq: of.seq }) : t("template.sample")}</Tag>}
    >
      {error && <Failed error={error} />}
      {!of && !error && <Loading />}
      {of && (
        <div className="admin-halves" data-testid="preview" aria-live="polite">
          {SIDES.map((side) => (
            <section key={side} lang={side} className="admin-letter" aria-label={t(`template.in_${side}`)}>
              <strong>{of.words[`title_${side}`] || "–"}</strong>
              <p>{of.words[`body_${side}`] || "–"}</p>
              {template.startsWith("customer.") && (
                <small>{t("template.sms", { count: side === "zh" ? of.sms_zh : of.sms_en })}</small>
              )}
            </section>
          ))}
        </div>
      )}
    </Card>
  );
}
