import { useQuery } from "@tanstack/react-query";
import { Input, Tag } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Route, Routes } from "react-router";
import { api, data, type Schemas } from "@/kit/api";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { TemplatePage } from "./TemplatePage";
import { WideTable } from "./WideTable";

type Version = Schemas["TemplateVersion"];

/** The words of the notices. */
export default function Templates() {
  return (
    <Routes>
      <Route index element={<List />} />
      <Route path=":template" element={<TemplatePage />} />
    </Routes>
  );
}

/** To whom a template speaks: what stands before its first point. */
export const audienceOf = (template: string): string => template.split(".")[0] ?? "";

function List() {
  const { t, i18n } = useTranslation("admin");
  const zh = i18n.language.startsWith("zh");
  const [text, setText] = useState("");
  const templates = useQuery({ queryKey: ["templates"], queryFn: () => data(api.GET("/v1/templates")) });
  const found = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return templates.data?.filter((one) =>
      [one.template, one.title_zh, one.title_en, one.body_zh, one.body_en].join(" ").toLowerCase().includes(wanted),
    );
  }, [templates.data, text]);
  const audiences = [...new Set((templates.data ?? []).map((one) => audienceOf(one.template)))];
  return (
    <>
      <div className="admin-bar" role="search">
        <label>
          {t("template.find")}
          <Input allowClear value={text} onChange={(event) => setText(event.target.value)} />
        </label>
      </div>
      <Answer of={{ ...templates, data: found }} empty={t("nothing_found")}>
        {(rows) => (
          <WideTable<Version>
            label={t("section.templates")}
            rowKey="template"
            pagination={{ pageSize: 20, showSizeChanger: false }}
            dataSource={rows}
            columns={[
              {
                title: t("template.title"),
                render: (_, one) => (
                  <Link to={`/admin/templates/${one.template}`}>{zh ? one.title_zh : one.title_en}</Link>
                ),
              },
              {
                title: t("template.audience"),
                filters: audiences.map((value) => ({ value, text: t(`audience.${value}`) })),
                onFilter: (value, one) => audienceOf(one.template) === value,
                render: (_, one) => t(`audience.${audienceOf(one.template)}`),
              },
              {
                title: t("template.body"),
                render: (_, one) => <div className="admin-line">{zh ? one.body_zh : one.body_en}</div>,
              },
              {
                title: t("template.version"),
                render: (_, one) =>
                  one.shipped ? <Tag>{t("template.shipped")}</Tag> : <Tag color="blue">{t("template.own")}</Tag>,
              },
              { title: t("template.since"), render: (_, one) => <Instant at={one.published_at} /> },
            ]}
          />
        )}
      </Answer>
    </>
  );
}
