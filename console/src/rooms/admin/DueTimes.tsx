import { useQuery } from "@tanstack/react-query";
import { Alert, Input, Select, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/kit/api";
import { instantOf, wallClock } from "@/kit/form/instants";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import type { Problem } from "@/kit/problem";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { useFields } from "./fields";
import type { PolicyRead } from "./PolicyEditor";
import { WideTable } from "./WideTable";

type Due = Schemas["Due"];
type Question = Omit<Schemas["DueTimesRequest"], "document" | "version">;

interface Line {
  kind: string;
  before: Due | undefined;
  after: Due | undefined;
}

const TIERS = ["normal", "silver", "gold", "diamond"] as const;

async function ask(question: Question, by: { version?: string; document?: Record<string, unknown> }): Promise<Due[]> {
  return (await data(api.POST("/v1/policies/preview", { body: { ...question, ...by } as Schemas["DueTimesRequest"] })))
    .items;
}

/** The due times of a thought order, by the policy in force and by the text. */
export function DueTimes({ of }: { of: PolicyRead }) {
  const { t, i18n } = useTranslation(["admin", "verbs"]);
  const zh = i18n.language.startsWith("zh");
  const fields = useFields();
  const names = useNames();
  const labels = useLabels();
  const [question, setQuestion] = useState<Question>(() => ({
    order_class: "general",
    province: "GD",
    tier: "normal",
    area: "",
    category: "",
    priority: "normal",
    unit: "",
    opened_at: new Date().toISOString(),
  }));
  const set = (given: Partial<Question>) => setQuestion((before) => ({ ...before, ...given }));
  const zone = names.zone(question.province);
  const lines = useQuery<Line[], Problem>({
    queryKey: ["policy-due", of.against, of.document, question],
    enabled: of.ok,
    queryFn: async () => {
      const [before, after] = await Promise.all([
        of.against ? ask(question, { version: of.against }) : Promise.resolve([]),
        ask(question, { document: of.document }),
      ]);
      const kinds = [...new Set([...after, ...before].map((one) => one.kind))];
      const find = (dues: Due[], kind: string) => dues.find((one) => one.kind === kind);
      return kinds.map((kind) => ({ kind, before: find(before, kind), after: find(after, kind) }));
    },
  });
  if (!of.ok) return <Alert type="info" showIcon title={t("policy.mend_first")} />;
  const option = (name: string) => (fields.catalogue.find((one) => one.name === name)?.options ?? []).slice();
  const said = (due: Due | undefined) =>
    due ? (
      <>
        {zh ? due.limit_zh : due.limit_en}
        <br />
        <Instant at={due.due_at} zone={zone} />
      </>
    ) : (
      "–"
    );
  return (
    <>
      <div className="admin-bar spaced">
        <label>
          {t("field.order_class")}
          <Select
            value={question.order_class}
            aria-label={t("field.order_class")}
            options={option("order_class")}
            onChange={(value: string) => set({ order_class: value as Question["order_class"] })}
          />
        </label>
        <label>
          {t("field.province")}
          <Select
            showSearch={{ optionFilterProp: "label" }}
            value={question.province}
            aria-label={t("field.province")}
            options={option("province").filter((one) => one.value !== "*")}
            onChange={(value: string) => set({ province: value })}
          />
        </label>
        <label>
          {t("policy.tier")}
          <Select
            value={question.tier}
            aria-label={t("policy.tier")}
            options={TIERS.map((value) => ({ value, label: labels.of("tiers", value) }))}
            onChange={(value: string) => set({ tier: value })}
          />
        </label>
        <label>
          {t("policy.opened")}
          <Input
            type="datetime-local"
            value={wallClock(question.opened_at, zone)}
            onChange={(event) => event.target.value && set({ opened_at: instantOf(event.target.value, zone) })}
          />
        </label>
      </div>
      <Answer of={lines} empty={t("nothing_found")}>
        {(found) => (
          <WideTable<Line>
            label={t("policy.due")}
            rowKey="kind"
            pagination={false}
            dataSource={found}
            columns={[
              {
                title: t("policy.limit"),
                render: (_, one) => {
                  const due = one.after ?? one.before;
                  return due ? (zh ? due.name_zh : due.name_en) : one.kind;
                },
              },
              { title: t("policy.now", { version: of.against }), render: (_, one) => said(one.before) },
              { title: t("policy.then"), render: (_, one) => said(one.after) },
              {
                title: t("policy.moves"),
                render: (_, one) =>
                  one.before?.due_at === one.after?.due_at ? (
                    t("policy.stays")
                  ) : (
                    <Tag color="gold">{t("policy.moved")}</Tag>
                  ),
              },
            ]}
          />
        )}
      </Answer>
    </>
  );
}
