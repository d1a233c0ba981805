import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Descriptions, Form, Input, InputNumber, List } from "antd";
import { useTranslation } from "react-i18next";
import { Password } from "@/app/Password";
import { send } from "@/kit/api";
import { useNames } from "@/kit/names";
import { Page } from "@/kit/Page";
import type { Problem } from "@/kit/problem";
import { useMe } from "@/kit/session";
import { Failed } from "@/kit/states";
import { Instant } from "@/kit/time";

interface TakeOn {
  for: string;
  reason: string;
  hours: number;
}

/** One's own log-in: who one is, one's password, for whom one acts, and an end to it everywhere. */
export default function Account() {
  const { t } = useTranslation(["kit", "verbs"]);
  const me = useMe();
  const names = useNames();
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: ["session"] });
  const take = useMutation<unknown, Problem, TakeOn>({
    mutationFn: (body) => send("POST", "/v1/acting", body),
    onSuccess: refresh,
  });
  const leave = useMutation({
    mutationFn: () => send("POST", "/v1/logout-everywhere"),
    onSettled: () => location.assign("/login"),
  });
  return (
    <Page title={t("room.account")}>
      <Card className="spaced">
        <Descriptions
          column={1}
          items={[
            { key: "name", label: t("account.name"), children: `${names.of(me)} (${me.id})` },
            { key: "role", label: t("account.role"), children: t(`verbs:role.${me.role}`) },
            { key: "place", label: t("account.place"), children: names.unit(me.unit || me.province) },
            { key: "until", label: t("account.until"), children: <Instant at={me.session.expires_at} /> },
          ]}
        />
        <Button danger onClick={() => leave.mutate()}>
          {t("account.everywhere")}
        </Button>
      </Card>
      {me.session.how === "password" && (
        <Card title={t("password.title")} className="spaced">
          <Password session={me.session} />
        </Card>
      )}
      <Card title={t("acting.title")} className="spaced">
        <p>{t("acting.help")}</p>
        {take.error && <Failed error={take.error} />}
        <List
          dataSource={me.session.acting}
          locale={{ emptyText: t("acting.none") }}
          renderItem={(one) => (
            <List.Item
              actions={[
                <Button key="act" onClick={() => me.act(one.absent)}>
                  {t("acting.take", { person: one.absent })}
                </Button>,
              ]}
            >
              {one.absent} · {one.reason} · <Instant at={one.until} />
            </List.Item>
          )}
        />
        <Form<TakeOn> layout="vertical" onFinish={(body) => take.mutate(body)} initialValues={{ hours: 8 }}>
          <Form.Item name="for" label={t("acting.for")} rules={[{ required: true, message: t("required") }]}>
            <Input />
          </Form.Item>
          <Form.Item name="reason" label={t("acting.reason")} rules={[{ required: true, message: t("required") }]}>
            <Input />
          </Form.Item>
          <Form.Item name="hours" label={t("acting.hours")}>
            <InputNumber min={1} max={12} />
          </Form.Item>
          <Button htmlType="submit" loading={take.isPending}>
            {t("acting.begin")}
          </Button>
        </Form>
      </Card>
    </Page>
  );
}
