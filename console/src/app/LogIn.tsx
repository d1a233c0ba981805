import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Divider, Form, Input, List, Tag, Typography } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { send } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import type { SessionView } from "@/kit/session";
import { Failed } from "@/kit/states";
import { LanguageSwitch } from "./Language";

interface Doors {
  profile: string;
  password: boolean;
  oidc: boolean;
  demo: { id: string; name_zh: string; name_en: string; role: string; unit_zh: string; unit_en: string }[];
}

/** The ways in: by password, by the operator's own log-in, and in development as anybody of the demo organisation. */
export function LogIn({ next }: { next: string }) {
  const { t, i18n } = useTranslation(["kit", "verbs"]);
  const queries = useQueryClient();
  const zh = i18n.language === "zh";
  const [wanted, setWanted] = useState("");
  const doors = useQuery({ queryKey: ["doors"], queryFn: () => send<Doors>("GET", "/v1/doors") });
  const enter = useMutation<SessionView, Problem, { path: string; body: Record<string, string> }>({
    mutationFn: ({ path, body }) => send("POST", path, body),
    onSuccess: (session) => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      queries.setQueryData(["session"], session);
    },
  });
  useEffect(() => {
    document.title = `${t("login.title")} · Whistle`;
  }, [t]);
  const found = (doors.data?.demo ?? []).filter((one) =>
    `${one.id} ${one.name_zh} ${one.name_en} ${one.role} ${t(`verbs:role.${one.role}`)} ${one.unit_zh} ${one.unit_en}`
      .toLowerCase()
      .includes(wanted.toLowerCase()),
  );
  return (
    <main className="alone">
      <header className="alone-head">
        <Typography.Title level={1}>{t("login.title")}</Typography.Title>
        <LanguageSwitch />
      </header>
      <Card>
        {enter.error && <Failed error={enter.error} />}
        <Form
          layout="vertical"
          onFinish={(body: { person: string; password: string }) => enter.mutate({ path: "/v1/login", body })}
          requiredMark={false}
        >
          <Form.Item name="person" label={t("login.person")} rules={[{ required: true, message: t("required") }]}>
            <Input autoComplete="username" autoFocus />
          </Form.Item>
          <Form.Item name="password" label={t("login.password")} rules={[{ required: true, message: t("required") }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          <Button type="primary" htmlType="submit" block loading={enter.isPending}>
            {t("login.enter")}
          </Button>
        </Form>
        {doors.data?.oidc && (
          <Button block href={`/v1/oidc/login?next=${encodeURIComponent(next)}`} className="spaced">
            {t("login.oidc")}
          </Button>
        )}
        {doors.error ? <Failed error={doors.error} retry={() => void doors.refetch()} /> : null}
      </Card>
      {!!doors.data?.demo.length && (
        <Card>
          <Divider plain>{t("login.demo")}</Divider>
          <Input.Search
            allowClear
            aria-label={t("login.find")}
            placeholder={t("login.find")}
            onChange={(event) => setWanted(event.target.value)}
          />
          <List
            size="small"
            className="demo-people"
            dataSource={found.slice(0, 60)}
            renderItem={(one) => (
              <List.Item>
                <Button
                  type="text"
                  block
                  className="demo-person"
                  onClick={() => enter.mutate({ path: "/v1/login/demo", body: { person: one.id } })}
                >
                  <span>{zh ? one.name_zh : one.name_en}</span>
                  <Tag>{t(`verbs:role.${one.role}`)}</Tag>
                  <Typography.Text type="secondary">{(zh ? one.unit_zh : one.unit_en) || one.id}</Typography.Text>
                </Button>
              </List.Item>
            )}
          />
        </Card>
      )}
    </main>
  );
}
