import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Card, Input, Tag } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, send, type Schemas } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import { useMe } from "@/kit/session";
import { Failed } from "@/kit/states";
import { useMay } from "./rights";
import { TemplatePreview } from "./TemplatePreview";
import { Undo } from "./Undo";
import { Unsaved } from "./Unsaved";

export type Texts = Pick<Schemas["TemplateVersion"], "title_zh" | "title_en" | "body_zh" | "body_en">;

const NAMES = ["title_zh", "body_zh", "title_en", "body_en"] as const;
const PAUSE = 400;

export const sameTexts = (one: Texts, other: Texts): boolean => NAMES.every((name) => one[name] === other[name]);

/** The four texts of a notice, with what they will read like in both languages as one writes. */
export function TemplateEditor({
  template,
  view,
  texts,
  onChange,
}: {
  template: string;
  view: Schemas["TemplateView"];
  texts: Texts;
  onChange: (texts: Texts) => void;
}) {
  const { t } = useTranslation(["admin", "kit"]);
  const { message } = App.useApp();
  const may = useMay();
  const me = useMe();
  const queries = useQueryClient();
  const areas = useRef<Partial<Record<keyof Texts, TextAreaRef | null>>>({});
  const [last, setLast] = useState<keyof Texts>("body_zh");
  const [order, setOrder] = useState("");
  const [reason, setReason] = useState("");
  const [asked, setAsked] = useState({ texts, order });
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ texts, order }), PAUSE);
    return () => clearTimeout(timer);
  }, [texts, order]);
  const preview = useQuery<Schemas["TemplatePreview"], Problem>({
    queryKey: ["template-preview", template, asked],
    queryFn: () =>
      data(api.POST("/v1/templates/preview", { body: { ...asked.texts, template, order: asked.order, seq: 0 } })),
    placeholderData: (before) => before,
    enabled: may("templates"),
    retry: false,
  });
  // What one's own words are a change of; it moves on by itself only while one has none.
  const [base, setBase] = useState(view.current.version);
  const dirty = !sameTexts(texts, view.current);
  if (!dirty && base !== view.current.version) setBase(view.current.version);
  const publish = useMutation<Schemas["TemplateVersion"], Problem>({
    mutationFn: () => send("PUT", `/v1/templates/${template}`, { ...texts, reason }, { "If-Match": `"${base}"` }),
    onSuccess: (made) => {
      setReason("");
      void message.success(t("template.published", { version: made.version }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["templates"] }),
  });
  const theirs = dirty && view.current.version !== base;
  const insert = (field: string) => {
    const area = areas.current[last]?.resizableTextArea?.textArea;
    const text = texts[last];
    const [start, end] = area ? [area.selectionStart, area.selectionEnd] : [text.length, text.length];
    onChange({ ...texts, [last]: `${text.slice(0, start)}{${field}}${text.slice(end)}` });
    requestAnimationFrame(() => {
      area?.focus();
      const at = start + field.length + 2;
      area?.setSelectionRange(at, at);
    });
  };
  const flaws = preview.data?.flaws ?? [];
  const zh = document.documentElement.lang.startsWith("zh");
  const fresh = asked.texts === texts && !preview.isPlaceholderData;
  return (
    <div className="admin-halves">
      <Unsaved when={dirty && !publish.isPending} />
      <Card size="small" title={<h3 className="admin-h2">{t("template.words")}</h3>}>
        {NAMES.map((name) => {
          const wrong = flaws.filter((one) => one.field === name);
          const spoilt = wrong.some((one) => !one.warning);
          return (
            <div key={name} className="admin-text">
              <label htmlFor={`text-${name}`}>{t(`template.${name}`)}</label>
              <Input.TextArea
                id={`text-${name}`}
                ref={(area) => {
                  areas.current[name] = area;
                }}
                lang={name.endsWith("zh") ? "zh" : "en"}
                rows={name.startsWith("title") ? 1 : 5}
                value={texts[name]}
                readOnly={!may("templates")}
                status={spoilt ? "error" : wrong.length ? "warning" : ""}
                aria-invalid={spoilt}
                aria-describedby={`flaws-${name}`}
                maxLength={4000}
                onFocus={() => setLast(name)}
                onChange={(event) => onChange({ ...texts, [name]: event.target.value })}
              />
              <ul id={`flaws-${name}`} className="admin-flaws" aria-live="polite">
                {wrong.map((one, at) => (
                  <li key={at} className={one.warning ? "warn" : "bad"}>
                    {t(one.warning ? "policy.warning" : "policy.fault")}: {zh ? one.reason_zh : one.reason_en} →{" "}
                    {zh ? one.remedy_zh : one.remedy_en}
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
        <h4 className="admin-h3">{t("template.fields")}</h4>
        <ul className="admin-chips">
          {view.fields.map((one) => (
            <li key={one.name}>
              {may("templates") ? (
                <Button size="small" onClick={() => insert(one.name)}>
                  <code>{`{${one.name}}`}</code> {zh ? one.zh : one.en}
                </Button>
              ) : (
                <Tag>
                  <code>{`{${one.name}}`}</code> {zh ? one.zh : one.en}
                </Tag>
              )}
            </li>
          ))}
        </ul>
      </Card>
      {may("templates") && (
        <div>
          <TemplatePreview of={preview.data} error={preview.error} template={template} />
          {me.role === "headquarters" && (
            <div className="admin-text spaced">
              <label htmlFor="template-order">{t("template.order")}</label>
              <Input
                id="template-order"
                allowClear
                value={order}
                onChange={(event) => setOrder(event.target.value.trim())}
                placeholder={t("template.order_none")}
              />
            </div>
          )}
          <Card size="small" className="spaced" title={<h3 className="admin-h2">{t("template.publish")}</h3>}>
            {publish.error && <Failed error={publish.error} />}
            {theirs && (
              <Alert
                type="warning"
                showIcon
                className="spaced"
                title={t("template.theirs", { version: view.current.version, person: view.current.published_by })}
                description={
                  <dl className="admin-theirs">
                    {NAMES.map((name) => (
                      <div key={name}>
                        <dt>{t(`template.${name}`)}</dt>
                        <dd>{view.current[name]}</dd>
                      </div>
                    ))}
                  </dl>
                }
                action={
                  <Button
                    onClick={() => {
                      setBase(view.current.version);
                      publish.reset();
                    }}
                  >
                    {t("template.over")}
                  </Button>
                }
              />
            )}
            <div className="admin-text">
              <label htmlFor="template-reason">{t("template.why")}</label>
              <Input
                id="template-reason"
                value={reason}
                maxLength={200}
                onChange={(event) => setReason(event.target.value)}
              />
            </div>
            <p>{t("template.publish_means")}</p>
            <div className="admin-acts">
              <Undo disabled={!dirty} onUndo={() => onChange({ ...view.current })} />
              <Button
                type="primary"
                loading={publish.isPending}
                disabled={!dirty || theirs || !reason.trim() || !fresh || !preview.data?.ok}
                onClick={() => publish.mutate()}
              >
                {t("template.publish")}
              </Button>
            </div>
          </Card>
        </div>
      )}
    </div>
  );
}
