import { Alert, Button, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { type OrderView, useCommand } from "@/kit/command";
import { Refused } from "@/kit/form/Refused";
import { useLabels } from "@/kit/labels";
import { useCatalogue, useNames } from "@/kit/names";
import { useMe } from "@/kit/session";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";

interface Wanted {
  clause: string;
  suggested_unit: string;
  reason: string;
}

export interface ReturnFormProps {
  view: OrderView;
  until: string | null;
  zone: string;
  onDone: () => void;
}

/** Not ours: the clause of the catalogue that says so names the unit that should have it. */
export function ReturnForm({ view, until, zone, onDone }: ReturnFormProps) {
  const { t } = useTranslation(["inbox", "verbs"]);
  const me = useMe();
  const names = useNames();
  const labels = useLabels();
  const catalogue = useCatalogue();
  const command = useCommand();
  const [form] = Form.useForm<Wanted>();
  const order = view.order;
  const clauses = (catalogue.data ?? []).filter((one) => one.province === order.province);
  const own = clauses.find((one) => one.category === order.category);
  const units = names.units
    .filter((unit) => unit.kind === "department" && unit.id !== me.unit)
    .sort((a, b) => Number(b.province === order.province) - Number(a.province === order.province));
  return (
    <Form<Wanted>
      form={form}
      layout="vertical"
      scrollToFirstError={{ focus: true }}
      onValuesChange={(changed) => {
        const cited = changed.clause && clauses.find((one) => one.clause === changed.clause);
        if (cited && cited.lead !== me.unit) form.setFieldValue("suggested_unit", cited.lead);
      }}
      onFinish={(said) =>
        command.mutate({ orderId: order.id, verb: "request_return", body: { ...said } }, { onSuccess: onDone })
      }
    >
      <Alert
        type="info"
        showIcon
        title={t("return.once")}
        description={
          <>
            {until && (
              <div>
                {t("return.until")} <Instant at={until} zone={zone} />
              </div>
            )}
            {own && (
              <div>{t("return.came_by", { clause: own.clause, category: labels.of("categories", own.category) })}</div>
            )}
          </>
        }
      />
      <Answer of={catalogue}>
        {() => (
          <>
            <Form.Item
              name="clause"
              label={t("return.clause")}
              extra={t("return.clause_hint")}
              rules={[{ required: true, message: t("return.clause_missing") }]}
            >
              <Select
                showSearch={{ optionFilterProp: "label" }}
                options={clauses.map((one) => ({
                  value: one.clause,
                  label: `${one.clause} ${labels.of("categories", one.category)} → ${names.unit(one.lead)}`,
                }))}
              />
            </Form.Item>
            <Form.Item
              name="suggested_unit"
              label={t("return.unit")}
              extra={t("return.unit_hint")}
              rules={[{ required: true, message: t("return.unit_missing") }]}
            >
              <Select
                showSearch={{ optionFilterProp: "label" }}
                options={units.map((unit) => ({ value: unit.id, label: names.unit(unit.id) }))}
              />
            </Form.Item>
            <Form.Item
              name="reason"
              label={t("return.reason")}
              rules={[{ required: true, whitespace: true, message: t("return.reason_missing") }]}
            >
              <Input.TextArea rows={3} maxLength={2000} />
            </Form.Item>
          </>
        )}
      </Answer>
      {command.error && <Refused problem={command.error} state={order.state} zone={zone} />}
      <Button type="primary" htmlType="submit" loading={command.isPending}>
        {t("verbs:verb.request_return.label")}
      </Button>
    </Form>
  );
}
