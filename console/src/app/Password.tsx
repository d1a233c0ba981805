import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Form, Input, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { carryAlong, send } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import type { SessionView } from "@/kit/session";
import { Failed } from "@/kit/states";

interface Typed {
  old: string;
  new: string;
  again: string;
}

/** Changes one's password; `forced` where somebody else gave the present one. */
export function Password({ session, forced }: { session: SessionView; forced?: boolean }) {
  const { t } = useTranslation("kit");
  const queries = useQueryClient();
  carryAlong({ csrf: session.csrf });
  const change = useMutation<SessionView, Problem, Typed>({
    mutationFn: (typed) => send("POST", "/v1/password", { old: typed.old, new: typed.new }),
    onSuccess: (entered) => queries.setQueryData(["session"], entered),
  });
  const required = { required: true, message: t("required") };
  const form = (
    <Card>
      {forced && <Alert type="info" showIcon title={t("password.forced")} />}
      {change.error && <Failed error={change.error} />}
      {change.isSuccess && !forced && <Alert type="success" showIcon title={t("password.changed")} />}
      <Form<Typed> layout="vertical" onFinish={(typed) => change.mutate(typed)} requiredMark={false}>
        <Form.Item name="old" label={t("password.old")} rules={[required]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item
          name="new"
          label={t("password.new")}
          extra={t("password.rule")}
          rules={[required, { min: 12, message: t("password.rule") }]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t("password.again")}
          dependencies={["new"]}
          rules={[
            required,
            ({ getFieldValue }) => ({
              validator: (_, value: string) =>
                value === getFieldValue("new") ? Promise.resolve() : Promise.reject(new Error(t("password.differ"))),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={change.isPending}>
          {t("password.change")}
        </Button>
      </Form>
    </Card>
  );
  if (!forced) return form;
  return (
    <main className="alone">
      <Typography.Title level={1}>{t("password.title")}</Typography.Title>
      {form}
    </main>
  );
}
