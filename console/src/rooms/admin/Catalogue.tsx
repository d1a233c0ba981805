import { PlusOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Schemas } from "@/kit/api";
import { useLabels } from "@/kit/labels";
import { useCatalogue, useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import { ClassTag } from "@/kit/tags";
import { EntryDrawer } from "./EntryDrawer";
import { useFields } from "./fields";
import { useMay } from "./rights";
import { WideTable } from "./WideTable";

type Clause = Schemas["store__directory__Entry"];

/** The dispatch catalogue: which unit leads which category where, who helps, who is told. */
export default function Catalogue() {
  const { t } = useTranslation("admin");
  const catalogue = useCatalogue();
  const labels = useLabels();
  const names = useNames();
  const fields = useFields();
  const may = useMay();
  const [category, setCategory] = useState("");
  const [province, setProvince] = useState("");
  const [edited, setEdited] = useState<Clause | "new" | null>(null);
  const found = useMemo(
    () =>
      (catalogue.data as unknown as Clause[] | undefined)?.filter(
        (one) => (!category || one.category === category) && (!province || one.province === province),
      ),
    [catalogue.data, category, province],
  );
  const option = (name: string) => (fields.catalogue.find((one) => one.name === name)?.options ?? []).slice();
  const where = (id: string) => (id === "*" ? t("anywhere") : names.unit(id));
  const list = (ids: readonly string[]) => ids.map(names.unit).join(", ") || "–";
  return (
    <>
      <div className="admin-bar" role="search">
        <label>
          {t("field.category")}
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            value={category || null}
            onChange={(value: string | null) => setCategory(value ?? "")}
            options={option("category")}
            aria-label={t("field.category")}
          />
        </label>
        <label>
          {t("field.province")}
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            value={province || null}
            onChange={(value: string | null) => setProvince(value ?? "")}
            options={option("province")}
            aria-label={t("field.province")}
          />
        </label>
        {may("directory") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setEdited("new")}>
            {t("catalogue.add")}
          </Button>
        )}
      </div>
      <Answer of={{ ...catalogue, data: found }} empty={t("nothing_found")}>
        {(rows) => (
          <WideTable<Clause>
            label={t("section.catalogue")}
            rowKey="id"
            dataSource={rows}
            pagination={{ pageSize: 20, showSizeChanger: false }}
            columns={[
              { title: t("field.category"), render: (_, one) => labels.of("categories", one.category) },
              { title: t("field.province"), render: (_, one) => where(one.province) },
              { title: t("field.order_class"), render: (_, one) => <ClassTag of={one.order_class} /> },
              { title: t("field.lead"), render: (_, one) => names.unit(one.lead) },
              { title: t("field.co"), render: (_, one) => list(one.co) },
              { title: t("field.copy"), render: (_, one) => list(one.copy) },
              { title: t("field.clause"), render: (_, one) => one.clause || one.id },
              ...(may("directory")
                ? [
                    {
                      title: t("deeds"),
                      render: (_: unknown, one: Clause) => (
                        <Button
                          size="small"
                          aria-label={t("catalogue.edit_of", { id: one.id })}
                          onClick={() => setEdited(one)}
                        >
                          {t("catalogue.edit")}
                        </Button>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </Answer>
      {edited && (
        <EntryDrawer
          section="catalogue"
          title={edited === "new" ? t("catalogue.add") : t("catalogue.edit_of", { id: edited.id })}
          row={edited === "new" ? null : { ...edited }}
          begin={{ province: province || "*", ...(category && { category }) }}
          fields={fields.catalogue}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  );
}
