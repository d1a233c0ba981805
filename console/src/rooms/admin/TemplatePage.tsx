import { useQuery } from "@tanstack/react-query";
import { Button, Card, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api, data, type Schemas } from "@/kit/api";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { useMay } from "./rights";
import { sameTexts, TemplateEditor, type Texts } from "./TemplateEditor";
import { WideTable } from "./WideTable";

type Version = Schemas["TemplateVersion"];

export const textsOf = ({ title_zh, title_en, body_zh, body_en }: Texts): Texts => ({
  title_zh,
  title_en,
  body_zh,
  body_en,
});

/** One notice: its wording with a live preview, and every wording that it ever had. */
export function TemplatePage() {
  const { t } = useTranslation("admin");
  const { template = "" } = useParams();
  const found = useQuery({
    queryKey: ["templates", template],
    queryFn: () => data(api.GET("/v1/templates/{template}", { params: { path: { template } } })),
  });
  return (
    <>
      <p>
        <Link to="/admin/templates">{t("template.all")}</Link>
      </p>
      <Answer of={found}>{(view) => <Shown key={template} view={view} template={template} />}</Answer>
    </>
  );
}

function Shown({ view, template }: { view: Schemas["TemplateView"]; template: string }) {
  const { t, i18n } = useTranslation("admin");
  const zh = i18n.language.startsWith("zh");
  const may = useMay();
  const [texts, setTexts] = useState<Texts>(() => textsOf(view.current));
  const [seen, setSeen] = useState(view.current);
  if (view.current.version !== seen.version) {
    setSeen(view.current);
    if (sameTexts(texts, seen)) setTexts(textsOf(view.current)); // nothing of one's own would be lost
  }
  return (
    <>
      <h2 className="admin-h2">
        {zh ? view.current.title_zh : view.current.title_en} <code>{template}</code>
      </h2>
      <TemplateEditor template={template} view={view} texts={texts} onChange={setTexts} />
      <Card className="spaced" size="small" title={<h3 className="admin-h2">{t("template.versions")}</h3>}>
        <WideTable<Version>
          label={t("template.versions")}
          rowKey="version"
          pagination={{ pageSize: 10, hideOnSinglePage: true }}
          dataSource={view.versions}
          columns={[
            {
              title: t("template.version"),
              render: (_, one) => (
                <>
                  {one.version} {one.version === view.current.version && <Tag color="green">{t("template.now")}</Tag>}
                  {one.version === 0 && <Tag>{t("template.shipped")}</Tag>}
                </>
              ),
            },
            {
              title: t("template.body"),
              render: (_, one) => <div className="admin-line">{zh ? one.body_zh : one.body_en}</div>,
            },
            { title: t("template.by"), render: (_, one) => one.published_by || "–" },
            { title: t("template.at"), render: (_, one) => <Instant at={one.published_at} /> },
            { title: t("template.why"), render: (_, one) => one.reason || "–" },
            ...(may("templates")
              ? [
                  {
                    title: t("deeds"),
                    render: (_: unknown, one: Version) => (
                      <Button
                        size="small"
                        aria-label={t("template.take_of", { version: one.version })}
                        onClick={() => setTexts(textsOf(one))}
                      >
                        {t("template.take")}
                      </Button>
                    ),
                  },
                ]
              : []),
          ]}
        />
      </Card>
    </>
  );
}
