import { EyeInvisibleOutlined, EyeOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Modal } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { send, type Schemas } from "@/kit/api";
import { useLabels } from "@/kit/labels";
import type { Problem } from "@/kit/problem";
import type { Order } from "@/kit/sentences";
import { useMe } from "@/kit/session";
import { Failed } from "@/kit/states";
import { Facts } from "./Facts";
import { isUnit, may } from "./rights";

const SHOWN_FOR = 120_000;
const USUAL = ["call", "check", "visit"];

type Asked = { fields: string[]; reason: string };

/** Who complains, masked as the rules say; the whole is shown for a reason, and hidden again by itself. */
export function Customer({ order, text }: { order: Order; text: string | undefined }) {
  const { t } = useTranslation("order");
  const { role } = useMe();
  const labels = useLabels(order.policy_version);
  const [asking, setAsking] = useState(false);
  const [form] = Form.useForm<Asked>();
  const fields = isUnit(role)
    ? ["customer.phone"]
    : ["customer.phone", "customer.name", "customer.email", "title", "text"];
  const reveal = useMutation<Schemas["Revealed"], Problem, Asked>({
    mutationFn: (body) => send("POST", `/v1/orders/${order.id}/reveal`, body),
    onSuccess: () => setAsking(false),
  });
  const { reset } = reveal;
  const shown = (reveal.data?.values ?? {}) as Record<string, string>;
  useEffect(() => {
    if (!reveal.data) return undefined;
    const timer = setTimeout(reset, SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [reveal.data, reset]);
  const value = (field: string, masked: string) => {
    const whole = shown[field];
    return whole === undefined ? masked || t("customer.empty") : <mark>{whole || t("customer.empty")}</mark>;
  };
  return (
    <section aria-labelledby="customer-heading" className="box">
      <h2 id="customer-heading">{t("customer.heading")}</h2>
      <Facts
        of={[
          [t("customer.name"), value("customer.name", order.customer.name)],
          [t("customer.phone"), value("customer.phone", order.customer.phone)],
          [
            t("customer.email"),
            order.customer.email || "customer.email" in shown ? value("customer.email", order.customer.email) : "",
          ],
          [t("customer.tier"), labels.of("tiers", order.customer.tier)],
        ]}
      />
      <h3>{t("head.text")}</h3>
      <p className="words">{shown.text === undefined ? (text ?? "—") : <mark>{shown.text}</mark>}</p>
      {reveal.data ? (
        <Button icon={<EyeInvisibleOutlined aria-hidden />} onClick={reset} className="no-print">
          {t("customer.hide")}
        </Button>
      ) : (
        may(role, "reveal") && (
          <Button icon={<EyeOutlined aria-hidden />} onClick={() => setAsking(true)} className="no-print">
            {t("customer.reveal")}
          </Button>
        )
      )}
      <span role="status" className="quiet">
        {reveal.data ? ` ${t("customer.shown")}` : ""}
      </span>
      <Modal
        open={asking}
        title={t("customer.reveal")}
        okText={t("customer.show")}
        confirmLoading={reveal.isPending}
        onOk={form.submit}
        onCancel={() => setAsking(false)}
        destroyOnHidden
      >
        <Form<Asked>
          form={form}
          layout="vertical"
          initialValues={{ fields: ["customer.phone"], reason: t("customer.usual.call") }}
          onFinish={(asked) => reveal.mutate(asked)}
        >
          <Form.Item name="fields" label={t("customer.what")} rules={[{ required: true, message: t("kit:required") }]}>
            <Checkbox.Group
              options={fields.map((field) => ({ value: field, label: t(`customer.field.${field.split(".").at(-1)}`) }))}
            />
          </Form.Item>
          <Form.Item
            name="reason"
            label={t("customer.why")}
            extra={t("customer.why_help")}
            rules={[{ required: true, whitespace: true, message: t("kit:required") }]}
          >
            <Input list="usual-reasons" maxLength={8000} autoComplete="off" />
          </Form.Item>
          <datalist id="usual-reasons">
            {USUAL.map((one) => (
              <option key={one}>{t(`customer.usual.${one}`)}</option>
            ))}
          </datalist>
        </Form>
        {reveal.error && <Failed error={reveal.error} />}
      </Modal>
    </section>
  );
}
