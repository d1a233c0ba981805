import { Alert, Button, Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { PolicyRead } from "./PolicyEditor";

/** Everything that is wrong with a policy's text, by line; a line is gone to by its button. */
export function Faults({ of, onGo }: { of: PolicyRead; onGo: (line: number) => void }) {
  const { t, i18n } = useTranslation("admin");
  const zh = i18n.language.startsWith("zh");
  if (!of.faults.length) return <Alert type="success" showIcon title={t("policy.no_faults")} />;
  return (
    <ul className="admin-faults">
      {of.faults.map((one, at) => (
        <li key={at}>
          <Tag color={one.warning ? "gold" : "red"}>{t(one.warning ? "policy.warning" : "policy.fault")}</Tag>
          {one.line > 0 && (
            <Button type="link" size="small" onClick={() => onGo(one.line)}>
              {t("policy.line", { line: one.line })}
            </Button>
          )}{" "}
          <code>{one.path}</code>
          <div>{zh ? one.reason_zh : one.reason_en}</div>
          <div className="admin-remedy">→ {zh ? one.remedy_zh : one.remedy_en}</div>
        </li>
      ))}
    </ul>
  );
}

/** What differs from the policy in force, in words. */
export function Changes({ of }: { of: PolicyRead }) {
  const { t, i18n } = useTranslation("admin");
  const zh = i18n.language.startsWith("zh");
  if (!of.ok) return <Alert type="info" showIcon title={t("policy.mend_first")} />;
  if (!of.changes.length) return <Alert type="info" showIcon title={t("policy.same", { version: of.against })} />;
  return (
    <>
      <p>{t("policy.against", { version: of.against })}</p>
      <ul className="admin-faults">
        {of.changes.map((one, at) => (
          <li key={at}>
            <div>{zh ? one.zh : one.en}</div>
            <code>{one.path}</code>
          </li>
        ))}
      </ul>
    </>
  );
}
