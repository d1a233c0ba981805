import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Modal, Popconfirm, Tag, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import { Answer, Failed } from "@/kit/states";
import { Instant, useNow } from "@/kit/time";
import { useMay } from "./rights";
import { TokenForm } from "./TokenForm";
import { WideTable } from "./WideTable";

type Token = Schemas["Token"];

const over = (token: Token, now: number): boolean => Date.parse(token.expires_at) <= now;

/** The log-ins of programs: made, shown once, taken back. */
export default function Tokens() {
  const { t } = useTranslation(["admin", "kit"]);
  const may = useMay();
  const queries = useQueryClient();
  const now = useNow();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Schemas["NewToken"] | null>(null);
  const tokens = useQuery({ queryKey: ["tokens"], queryFn: () => data(api.GET("/v1/tokens")) });
  const refresh = () => queries.invalidateQueries({ queryKey: ["tokens"] });
  const revoke = useMutation<unknown, Problem, string>({
    mutationFn: (id) => data(api.DELETE("/v1/tokens/{token_id}", { params: { path: { token_id: id } } })),
    onSettled: refresh,
  });
  return (
    <>
      <div className="admin-bar">
        <p>{t("tokens.help")}</p>
        {may("tokens") && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setMaking(true)}>
            {t("tokens.make")}
          </Button>
        )}
      </div>
      {revoke.error && <Failed error={revoke.error} />}
      <Answer of={tokens} empty={t("tokens.none")}>
        {(found) => (
          <WideTable<Token>
            label={t("section.tokens")}
            rowKey="id"
            dataSource={found}
            pagination={{ pageSize: 20, showSizeChanger: false, hideOnSinglePage: true }}
            columns={[
              { title: t("tokens.name"), dataIndex: "name" },
              { title: t("tokens.person"), dataIndex: "person" },
              {
                title: t("tokens.scopes"),
                render: (_, one) => one.scopes.map((scope) => <Tag key={scope}>{scope}</Tag>),
              },
              { title: t("tokens.state"), render: (_, one) => <State of={one} /> },
              { title: t("tokens.expires"), render: (_, one) => <Instant at={one.expires_at} /> },
              { title: t("tokens.used"), render: (_, one) => <Instant at={one.used_at} /> },
              { title: t("tokens.by"), dataIndex: "created_by" },
              {
                title: t("deeds"),
                render: (_, one) =>
                  may("tokens") && !one.revoked_at && !over(one, now) ? (
                    <Popconfirm
                      title={t("tokens.revoke_sure", { name: one.name })}
                      description={t("tokens.revoke_means")}
                      onConfirm={() => revoke.mutate(one.id)}
                    >
                      <Button size="small" danger aria-label={t("tokens.revoke_of", { name: one.name })}>
                        {t("tokens.revoke")}
                      </Button>
                    </Popconfirm>
                  ) : (
                    <span aria-hidden>–</span>
                  ),
              },
            ]}
          />
        )}
      </Answer>
      {making && (
        <TokenForm
          onClose={() => setMaking(false)}
          onMade={(answer) => {
            setMaking(false);
            setMade(answer);
            void refresh();
          }}
        />
      )}
      <Modal
        open={made !== null}
        title={t("tokens.made")}
        onCancel={() => setMade(null)}
        footer={<Button onClick={() => setMade(null)}>{t("kit:close")}</Button>}
      >
        <Alert type="warning" showIcon title={t("tokens.once")} className="spaced" />
        <Typography.Paragraph copyable code data-testid="new-token">
          {made?.token}
        </Typography.Paragraph>
      </Modal>
    </>
  );
}

function State({ of }: { of: Token }) {
  const { t } = useTranslation("admin");
  const now = useNow();
  if (of.revoked_at) return <Tag>{t("tokens.revoked")}</Tag>;
  if (over(of, now)) return <Tag>{t("tokens.expired")}</Tag>;
  return <Tag color="green">{t("tokens.good")}</Tag>;
}
