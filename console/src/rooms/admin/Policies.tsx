import { useQuery } from "@tanstack/react-query";
import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link, Route, Routes } from "react-router";
import { api, data, type Schemas } from "@/kit/api";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { PolicyPage } from "./PolicyPage";
import { WideTable } from "./WideTable";

type Published = Schemas["Published"];

/** The policies: which were published, which is in force, and the next one's draft. */
export default function Policies() {
  return (
    <Routes>
      <Route index element={<List />} />
      <Route path=":version" element={<PolicyPage />} />
    </Routes>
  );
}

function List() {
  const { t, i18n } = useTranslation("admin");
  const zh = i18n.language.startsWith("zh");
  const policies = useQuery({ queryKey: ["policies"], queryFn: () => data(api.GET("/v1/policies")) });
  return (
    <>
      <p>{t("policy.help")}</p>
      <Answer of={policies} empty={t("policy.none")}>
        {(found) => (
          <WideTable<Published>
            label={t("policy.all_of")}
            rowKey="version"
            pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
            dataSource={found}
            columns={[
              {
                title: t("policy.version"),
                render: (_, one) => (
                  <Link to={`/admin/policies/${encodeURIComponent(one.version)}`}>{one.version}</Link>
                ),
              },
              { title: t("policy.title"), render: (_, one) => (zh ? one.title_zh : one.title_en) },
              {
                title: t("policy.state"),
                render: (_, one) =>
                  one.in_force ? <Tag color="green">{t("policy.in_force")}</Tag> : <Tag>{t("policy.before")}</Tag>,
              },
              { title: t("policy.by"), render: (_, one) => one.published_by || t("policy.shipped") },
              { title: t("policy.at"), render: (_, one) => <Instant at={one.created_at} /> },
            ]}
          />
        )}
      </Answer>
    </>
  );
}
