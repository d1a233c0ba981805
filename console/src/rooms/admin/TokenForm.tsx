import { useMutation, useQuery } from "@tanstack/react-query";
import { Button, Drawer, Form, Input, InputNumber, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";
import type { Problem } from "@/kit/problem";
import { useMe, type Role } from "@/kit/session";
import { Failed } from "@/kit/states";
import { Unsaved } from "./Unsaved";

const PROGRAMS: readonly Role[] = ["channel", "regulator"];

/** A new token: for what, as whom, for how long. */
export function TokenForm({ onClose, onMade }: { onClose: () => void; onMade: (made: Schemas["NewToken"]) => void }) {
  const { t } = useTranslation(["admin", "kit"]);
  const names = useNames();
  const me = useMe();
  const [form] = Form.useForm<Schemas["TokenRequest"]>();
  const [dirty, setDirty] = useState(false);
  const people = useQuery({ queryKey: ["people", "all", "", ""], queryFn: () => data(api.GET("/v1/people")) });
  const scopes = useQuery({ queryKey: ["scopes"], queryFn: () => data(api.GET("/v1/tokens/scopes")) });
  const make = useMutation<Schemas["NewToken"], Problem, Schemas["TokenRequest"]>({
    mutationFn: (body) => data(api.POST("/v1/tokens", { body })),
    onSuccess: (made) => onMade(made),
    onError: (problem) => {
      const name = problem.body.field as keyof Schemas["TokenRequest"] | undefined;
      if (name) form.setFields([{ name, errors: [problem.body.detail ?? problem.title] }]);
    },
  });
  const required = [{ required: true, message: t("kit:required") }];
  const holders = (people.data ?? []).filter((one) => PROGRAMS.includes(one.role) || one.id === me.id);
  const given = (scopes.data ?? []).filter((one) => !one.orders || me.role === "headquarters");
  return (
    <Drawer
      open
      title={t("tokens.make")}
      size={480}
      onClose={onClose}
      footer={
        <div className="admin-foot">
          <Button onClick={onClose}>{t("kit:cancel")}</Button>
          <Button type="primary" loading={make.isPending} onClick={() => form.submit()}>
            {t("tokens.make")}
          </Button>
        </div>
      }
    >
      <Unsaved when={dirty && !make.isSuccess} />
      {make.error && <Failed error={make.error} />}
      <Form
        form={form}
        layout="vertical"
        initialValues={{ days: 90 }}
        onValuesChange={() => setDirty(true)}
        onFinish={(body) => make.mutate(body)}
      >
        <Form.Item name="name" label={t("tokens.name")} extra={t("tokens.name_help")} rules={required}>
          <Input maxLength={100} autoComplete="off" />
        </Form.Item>
        <Form.Item name="person" label={t("tokens.person")} extra={t("tokens.person_help")} rules={required}>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            options={holders.map((one) => ({ value: one.id, label: `${names.of(one)} (${one.id})` }))}
          />
        </Form.Item>
        <Form.Item
          name="scopes"
          label={t("tokens.scopes")}
          extra={me.role !== "headquarters" && t("tokens.orders_help")}
          rules={required}
        >
          <Select
            mode="multiple"
            showSearch={{ optionFilterProp: "label" }}
            options={given.map((one) => ({
              value: one.scope,
              label: `${names.zh ? one.zh : one.en} (${one.scope})`,
            }))}
          />
        </Form.Item>
        <Form.Item name="days" label={t("tokens.days")} rules={required}>
          <InputNumber min={1} max={365} />
        </Form.Item>
      </Form>
    </Drawer>
  );
}
