import { EditOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Card, Descriptions, Tag } from "antd";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api, data, type Schemas } from "@/kit/api";
import { useNames, useUnits, type Unit } from "@/kit/names";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import type { EntryRow } from "./entries";
import { EntryDrawer } from "./EntryDrawer";
import { useFields } from "./fields";
import { useMay } from "./rights";
import { UnitTree } from "./UnitTree";
import { WideTable } from "./WideTable";

const CHILD: Record<string, string> = { headquarters: "region", region: "province", province: "department" };

/** The "4+31" organisation: its units, and who holds which post in each. */
export default function Organisation() {
  const { t } = useTranslation("admin");
  const units = useUnits();
  const [address, setAddress] = useSearchParams();
  const selected = address.get("unit") ?? "HQ";
  return (
    <Answer of={units} empty={t("organisation.none")}>
      {(found) => {
        const unit = found.find((one) => one.id === selected) ?? found[0];
        return (
          <div className="admin-two">
            <UnitTree selected={unit?.id ?? ""} onSelect={(id) => setAddress({ unit: id })} />
            {unit && <UnitCard key={unit.id} unit={unit} />}
          </div>
        );
      }}
    </Answer>
  );
}

function UnitCard({ unit }: { unit: Unit }) {
  const { t } = useTranslation("admin");
  const names = useNames();
  const may = useMay();
  const fields = useFields();
  const [form, setForm] = useState<{ row: EntryRow | null; begin?: EntryRow } | null>(null);
  const child = CHILD[unit.kind];
  return (
    <Card
      title={
        <h2 className="admin-h2">
          {names.of(unit)} <Tag>{t(`kind.${unit.kind}`)}</Tag>
        </h2>
      }
      extra={
        may("directory") && (
          <div className="admin-acts">
            <Button icon={<EditOutlined />} onClick={() => setForm({ row: { ...unit } })}>
              {t("organisation.edit")}
            </Button>
            {child && (
              <Button
                icon={<PlusOutlined />}
                onClick={() => setForm({ row: null, begin: { kind: child, parent: unit.id, id: prefix(unit) } })}
              >
                {t(`organisation.add_${child}`)}
              </Button>
            )}
          </div>
        )
      }
    >
      <Descriptions
        size="small"
        column={{ xs: 1, md: 2 }}
        items={[
          { key: "id", label: t("field.id"), children: unit.id },
          { key: "parent", label: t("field.parent"), children: unit.parent ? names.unit(unit.parent) : "–" },
          { key: "zh", label: t("field.name_zh"), children: unit.name_zh },
          { key: "en", label: t("field.name_en"), children: unit.name_en },
          { key: "zone", label: t("field.zone"), children: unit.zone },
          { key: "email", label: t("field.email"), children: unit.email || "–" },
        ]}
      />
      <Posts unit={unit} />
      {form && (
        <EntryDrawer
          section="units"
          title={form.row ? t("organisation.edit_of", { name: names.of(unit) }) : t("organisation.new")}
          fields={fields.units}
          onClose={() => setForm(null)}
          {...form}
        />
      )}
    </Card>
  );
}

const prefix = (unit: Unit): string =>
  unit.kind === "province" ? `${unit.id}.` : unit.kind === "headquarters" ? "R." : "";

/** Who holds which post at a unit itself, and who is away. */
function Posts({ unit }: { unit: Unit }) {
  const { t } = useTranslation(["admin", "kit", "verbs"]);
  const names = useNames();
  const people = useQuery({
    queryKey: ["people", unit.id],
    queryFn: () => data(api.GET("/v1/people", { params: { query: { at: unit.id } } })),
  });
  const here = { ...people, data: people.data?.filter((one) => (one.unit || one.province) === unit.id) };
  return (
    <>
      <h3 className="admin-h3">{t("organisation.posts")}</h3>
      <Answer of={here} empty={t("organisation.nobody")}>
        {(found) => (
          <WideTable<Schemas["Person"]>
            label={t("organisation.posts")}
            rowKey="id"
            pagination={found.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
            dataSource={found}
            columns={[
              { title: t("field.role"), render: (_, one) => t(`verbs:role.${one.role}`) },
              { title: t("people.name"), render: (_, one) => names.of(one) },
              { title: t("field.id"), dataIndex: "id" },
              { title: t("people.here"), render: (_, one) => <Presence of={one} /> },
            ]}
          />
        )}
      </Answer>
    </>
  );
}

/** Whether somebody is away now, until when, and who stands in. */
export function Presence({ of }: { of: Schemas["Person"] }) {
  const { t } = useTranslation("admin");
  if (!of.away_from) return <>{t("people.present")}</>;
  return (
    <>
      <Tag color="orange">{t("people.away")}</Tag>
      <Instant at={of.away_from} /> – {of.away_until ? <Instant at={of.away_until} /> : t("people.open")}
      {of.substitute && <> · {t("people.stands_in", { person: of.substitute })}</>}
    </>
  );
}
