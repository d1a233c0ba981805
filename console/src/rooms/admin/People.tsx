import { PlusOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button, Input, Select, Tag } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api, data, type Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";
import type { Role } from "@/kit/session";
import { Answer } from "@/kit/states";
import { EntryDrawer } from "./EntryDrawer";
import { useFields } from "./fields";
import { Presence } from "./Organisation";
import { PersonActions } from "./PersonActions";
import { useMay } from "./rights";
import { WideTable } from "./WideTable";

export type Person = Schemas["Person"];

/** Everybody who may log in: found by name, role or place, changed, added, let in again. */
export default function People() {
  const { t } = useTranslation(["admin", "kit", "verbs"]);
  const names = useNames();
  const may = useMay();
  const fields = useFields();
  const [address, setAddress] = useSearchParams();
  const [edited, setEdited] = useState<Person | "new" | null>(null);
  const [text, role, at] = ["text", "role", "at"].map((name) => address.get(name) ?? "") as [string, string, string];
  const set = (name: string, value: string) =>
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        if (value) after.set(name, value);
        else after.delete(name);
        return after;
      },
      { replace: true },
    );
  const people = useQuery({
    queryKey: ["people", "all", role, at],
    queryFn: () =>
      data(api.GET("/v1/people", { params: { query: { ...(role && { role: role as Role }), ...(at && { at }) } } })),
  });
  const found = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return people.data?.filter((one) =>
      `${one.id} ${one.name_zh} ${one.name_en} ${one.unit}`.toLowerCase().includes(wanted),
    );
  }, [people.data, text]);
  return (
    <>
      <div className="admin-bar" role="search">
        <label>
          {t("people.find")}
          <Input allowClear value={text} onChange={(event) => set("text", event.target.value)} />
        </label>
        <label>
          {t("field.role")}
          <Select
            allowClear
            value={role || null}
            onChange={(value: string | null) => set("role", value ?? "")}
            options={(fields.people.find((one) => one.name === "role")?.options ?? []).slice()}
            aria-label={t("field.role")}
          />
        </label>
        <label>
          {t("people.place")}
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            value={at || null}
            onChange={(value: string | null) => set("at", value ?? "")}
            options={(fields.people.find((one) => one.name === "unit")?.options ?? []).slice()}
            aria-label={t("people.place")}
          />
        </label>
        {may("directory") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
            {t("people.add")}
          </Button>
        )}
      </div>
      <Answer of={{ ...people, data: found }} empty={t("nothing_found")}>
        {(rows) => (
          <WideTable<Person>
            label={t("section.people")}
            rowKey="id"
            dataSource={rows}
            pagination={{ pageSize: 20, showSizeChanger: false, showTotal: (total) => t("people.count", { total }) }}
            columns={[
              { title: t("people.name"), render: (_, one) => names.of(one) },
              { title: t("field.id"), dataIndex: "id" },
              { title: t("field.role"), render: (_, one) => <Tag>{t(`verbs:role.${one.role}`)}</Tag> },
              { title: t("people.place"), render: (_, one) => names.unit(one.unit || one.province) || "–" },
              { title: t("field.email"), render: (_, one) => one.email || "–" },
              { title: t("people.here"), render: (_, one) => <Presence of={one} /> },
              {
                title: t("deeds"),
                render: (_, one) => <PersonActions person={one} onEdit={() => setEdited(one)} />,
              },
            ]}
          />
        )}
      </Answer>
      {edited && (
        <EntryDrawer
          section="people"
          title={edited === "new" ? t("people.add") : t("people.edit_of", { name: names.of(edited) })}
          row={edited === "new" ? null : { ...edited }}
          begin={{ active: true, ...(at && { unit: at }) }}
          fields={fields.people}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  );
}
