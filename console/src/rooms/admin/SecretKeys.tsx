import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Popconfirm, Progress, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import { Answer, Failed } from "@/kit/states";
import { Instant } from "@/kit/time";
import { useMay } from "./rights";
import { WideTable } from "./WideTable";

type Line = Schemas["KeyLine"];
type Kind = Schemas["KeyKind"];

const KINDS: readonly Kind[] = ["personal", "engine"];

/** The installation's secret keys, by id and age: a new one, what is sealed with old ones sealed anew, an old one's end. */
export default function SecretKeys() {
  const { t } = useTranslation("admin");
  const { message } = App.useApp();
  const may = useMay();
  const queries = useQueryClient();
  const keys = useQuery({ queryKey: ["keys"], queryFn: async () => (await data(api.GET("/v1/keys"))).items });
  const refresh = () => queries.invalidateQueries({ queryKey: ["keys"] });
  const rotate = useMutation<unknown, Problem, Kind>({
    mutationFn: (kind) => data(api.POST("/v1/keys/rotate", { body: { kind } })),
    onSuccess: () => void message.success(t("keys.rotated")),
    onSettled: refresh,
  });
  const drop = useMutation<unknown, Problem, string>({
    mutationFn: (id) => data(api.DELETE("/v1/keys/{key_id}", { params: { path: { key_id: id } } })),
    onSettled: refresh,
  });
  const error = rotate.error ?? drop.error;
  return (
    <>
      <p>{t("keys.help")}</p>
      {error && <Failed error={error} />}
      <Answer of={keys} empty={t("nothing_found")}>
        {(lines) => (
          <>
            <WideTable<Line>
              label={t("section.keys")}
              rowKey="id"
              pagination={false}
              dataSource={lines}
              columns={[
                { title: t("keys.kind"), render: (_, one) => t(`keys.${one.kind}`) },
                { title: t("field.id"), render: (_, one) => <code>{one.id}</code> },
                {
                  title: t("keys.state"),
                  render: (_, one) => (
                    <Tag color={one.current ? "green" : "default"}>{t(one.current ? "keys.current" : "keys.old")}</Tag>
                  ),
                },
                { title: t("keys.made"), render: (_, one) => <Instant at={one.made_at} /> },
                { title: t("keys.customers"), render: (_, one) => one.customers ?? "–" },
                {
                  title: t("deeds"),
                  render: (_, one) =>
                    may("keys") && !one.current ? (
                      <Popconfirm
                        title={t("keys.drop_sure", { id: one.id })}
                        description={t("keys.drop_means")}
                        onConfirm={() => drop.mutate(one.id)}
                      >
                        <Button size="small" danger aria-label={t("keys.drop_of", { id: one.id })}>
                          {t("keys.drop")}
                        </Button>
                      </Popconfirm>
                    ) : (
                      <span aria-hidden>–</span>
                    ),
                },
              ]}
            />
            {may("keys") && (
              <div className="admin-bar spaced">
                {KINDS.map((kind) => (
                  <Popconfirm
                    key={kind}
                    title={t(`keys.rotate_${kind}`)}
                    description={t("keys.rotate_means")}
                    onConfirm={() => rotate.mutate(kind)}
                  >
                    <Button loading={rotate.isPending}>{t(`keys.rotate_${kind}`)}</Button>
                  </Popconfirm>
                ))}
                <Rewrap lines={lines} onDone={refresh} />
              </div>
            )}
          </>
        )}
      </Answer>
    </>
  );
}

/** Seals the customers' keys with the current key, round by round. */
function Rewrap({ lines, onDone }: { lines: readonly Line[]; onDone: () => void }) {
  const { t } = useTranslation("admin");
  const old = lines.filter((one) => !one.current).reduce((sum, one) => sum + (one.customers ?? 0), 0);
  const [left, setLeft] = useState<number | null>(null);
  const run = useMutation<void, Problem>({
    mutationFn: async () => {
      for (let after: string | null = ""; after !== null;) {
        const round: Schemas["Rewrapped"] = await data(api.POST("/v1/keys/rewrap", { body: { after, limit: 500 } }));
        setLeft(round.left);
        after = round.next || null;
      }
    },
    onSettled: onDone,
  });
  if (!old && left === null) return null;
  const most = Math.max(old, 1);
  return (
    <>
      <Button type="primary" loading={run.isPending} disabled={!old} onClick={() => run.mutate()}>
        {t("keys.rewrap", { count: old })}
      </Button>
      {left !== null && (
        <Progress
          percent={run.isSuccess ? 100 : Math.round((100 * (most - Math.min(left, most))) / most)}
          aria-label={t("keys.rewrapping")}
        />
      )}
      {run.isSuccess && <Alert type="success" title={t("keys.rewrapped")} showIcon role="status" />}
      {run.error && <Failed error={run.error} retry={() => run.mutate()} />}
    </>
  );
}
