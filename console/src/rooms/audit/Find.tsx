import { DownloadOutlined } from "@ant-design/icons";
import { Button, Checkbox, Form, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useNames } from "@/kit/names";
import { type OrderFilters, OrdersTable } from "@/kit/OrdersTable";
import { STATES } from "@/kit/lists";
import { Page } from "@/kit/Page";

const PHONE = /^[0-9+() -]{5,}$/;
const NUMBER = /^(WH|R)\d{8}-[A-Z0-9]{2,12}$/;
/** What of the search stands in the page's address; who the customer is never does. */
const KEPT = ["text", "state", "province", "overdue", "rehearsal"] as const;

type Wanted = {
  customer?: string;
  text?: string;
  state?: string[];
  province?: string;
  overdue?: boolean;
  rehearsal?: boolean;
};

/** The query of an export, with the filters of the list. */
export function exported(extension: "csv" | "xlsx", filters: OrderFilters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters))
    for (const one of Array.isArray(value) ? value : [value]) if (one) query.append(name, String(one));
  return `/v1/orders.${extension}?${query}`;
}

/** Find an order: by its number, its customer, or whatever the list may be asked by. */
export function Find() {
  const { t } = useTranslation(["audit", "verbs", "kit", "lab", "past"]);
  const go = useNavigate();
  const names = useNames();
  const [address, setAddress] = useSearchParams();
  const [customer, setCustomer] = useState("");
  const filters: OrderFilters = {
    ...(address.get("text") && { text: address.get("text") ?? "" }),
    ...(address.get("province") && { province: address.get("province") ?? "" }),
    ...(address.has("state") && { state: address.getAll("state") as NonNullable<OrderFilters["state"]> }),
    ...(address.has("overdue") && { overdue: true }),
    ...(address.has("rehearsal") && { rehearsal: true }),
  };
  const find = (wanted: Wanted) => {
    const typed = wanted.text?.trim() ?? "";
    const text = PHONE.test(typed) ? "" : typed;
    if (NUMBER.test(text.toUpperCase())) {
      void go(`/audit/${text.toUpperCase()}`);
      return;
    }
    setCustomer(wanted.customer?.trim() || (text ? "" : typed));
    const next = new URLSearchParams();
    for (const name of KEPT) {
      const value = name === "text" ? text : wanted[name];
      for (const one of Array.isArray(value) ? value : [value]) if (one) next.append(name, String(one));
    }
    setAddress(next, { replace: true });
  };
  const provinces = names.units.filter((unit) => unit.kind === "province");
  return (
    <Page
      title={t("find.title")}
      actions={
        <>
          <Link to="/audit/lab">{t("lab:title")}</Link>
          <Link to="/audit/past">{t("past:past.title")}</Link>
          <Link to="/audit/process">{t("past:process.title")}</Link>
          {(["csv", "xlsx"] as const).map((extension) => (
            <Button
              key={extension}
              icon={<DownloadOutlined />}
              href={exported(extension, filters)}
              disabled={!!customer}
            >
              {t(`find.${extension}`)}
            </Button>
          ))}
        </>
      }
    >
      <p className="audit-lead">{t("find.lead")}</p>
      <Form<Wanted> layout="vertical" className="audit-find no-print" onFinish={find} initialValues={filters}>
        <Form.Item name="text" label={t("find.text")}>
          <Input allowClear autoFocus maxLength={200} />
        </Form.Item>
        <Form.Item name="customer" label={t("find.customer")}>
          <Input allowClear maxLength={200} autoComplete="off" />
        </Form.Item>
        <Form.Item name="state" label={t("find.state")}>
          <Select
            mode="multiple"
            maxTagCount="responsive"
            allowClear
            options={STATES.map((state) => ({ value: state, label: t(`verbs:state.${state}`) }))}
          />
        </Form.Item>
        <Form.Item name="province" label={t("find.province")}>
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            options={provinces.map((unit) => ({ value: unit.id, label: names.of(unit) }))}
          />
        </Form.Item>
        <Form.Item name="overdue" valuePropName="checked">
          <Checkbox>{t("find.overdue")}</Checkbox>
        </Form.Item>
        <Form.Item name="rehearsal" valuePropName="checked">
          <Checkbox>{t("find.rehearsal")}</Checkbox>
        </Form.Item>
        <Button type="primary" htmlType="submit">
          {t("kit:search")}
        </Button>
      </Form>
      <OrdersTable filters={filters} customer={customer || undefined} opensIn="/audit" empty={t("find.none")} />
    </Page>
  );
}
