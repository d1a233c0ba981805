import { useQuery } from "@tanstack/react-query";
import { Alert, Card, Descriptions, Segmented, Tag } from "antd";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data, problemIn, type Schemas } from "@/kit/api";
import { useMe } from "@/kit/session";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { WideTable } from "./WideTable";

type Ready = Schemas["Ready"];
type KindOfClock = Schemas["KindOfClock"];
type LateMark = Schemas["LateMark"];

const HOURS = [1, 24, 168] as const;
const WATCHERS = ["canary", "sweeper", "reconciler"] as const;

/** Whether the system can do its work, and how punctual its clocks are. */
export default function System() {
  return (
    <div className="admin-halves">
      <Readiness />
      <Punctuality />
    </div>
  );
}

/** A system that is not ready says so with 503, and that is an answer here. */
async function ready(): Promise<Ready> {
  const response = await fetch("/readyz");
  if (!response.ok && response.status !== 503) throw await problemIn(response);
  return (await response.json()) as Ready;
}

function Readiness() {
  const { t } = useTranslation("admin");
  const state = useQuery({ queryKey: ["readyz"], queryFn: ready, refetchInterval: 5000 });
  const well = (good: boolean) => <Tag color={good ? "green" : "red"}>{t(good ? "system.well" : "system.ill")}</Tag>;
  const age = (seconds: number | null | undefined) =>
    seconds === null || seconds === undefined ? t("system.never") : t("system.ago", { seconds: seconds.toFixed(1) });
  return (
    <Card title={<h2 className="admin-h2">{t("system.ready")}</h2>}>
      <Answer of={state}>
        {(found) => (
          <>
            <div role="status">
              <Alert
                showIcon
                className="spaced"
                type={found.failing.length ? "error" : "success"}
                title={
                  found.failing.length
                    ? t("system.failing", { parts: found.failing.map((part) => t(`system.${part}`)).join(", ") })
                    : t("system.all_well")
                }
              />
            </div>
            <Descriptions
              size="small"
              column={1}
              items={[
                { key: "database", label: t("system.database"), children: well(found.database) },
                { key: "engine", label: t("system.engine"), children: well(found.engine) },
                ...WATCHERS.map((name) => ({ key: name, label: t(`system.${name}`), children: age(found[name]) })),
                { key: "late", label: t("system.canary_late"), children: lateness(found.canary_late, t) },
                {
                  key: "outbox",
                  label: t("system.outbox"),
                  children: found.outbox === null ? t("system.no_mail") : lateness(found.outbox, t),
                },
                { key: "projection", label: t("system.projection"), children: lateness(found.projection, t) },
              ]}
            />
          </>
        )}
      </Answer>
    </Card>
  );
}

const lateness = (seconds: number | null | undefined, t: TFunction<"admin">): string =>
  seconds === null || seconds === undefined ? "–" : t("system.seconds", { seconds: seconds.toFixed(2) });

function Punctuality() {
  const { t, i18n } = useTranslation(["admin", "verbs"]);
  const [hours, setHours] = useState<number>(24);
  const { role } = useMe();
  const report = useQuery({
    queryKey: ["clocks", hours],
    queryFn: () => data(api.GET("/v1/operations/clocks", { params: { query: { hours } } })),
  });
  const kind = (code: string) => (code ? t(`verbs:clock.${code}`, { defaultValue: code }) : t("system.together"));
  const number = (value: number) => value.toLocaleString(i18n.language, { maximumFractionDigits: 2 });
  return (
    <Card
      title={<h2 className="admin-h2">{t("system.clocks")}</h2>}
      extra={
        <Segmented
          aria-label={t("system.period")}
          value={hours}
          onChange={setHours}
          options={HOURS.map((value) => ({ value, label: t(`system.hours_${value}`) }))}
        />
      }
    >
      <Answer of={report}>
        {(found) => (
          <>
            <p>{t("system.clocks_help", { seconds: found.tolerance })}</p>
            <WideTable<KindOfClock>
              label={t("system.clocks")}
              rowKey="kind"
              pagination={false}
              locale={{ emptyText: t("system.no_marks") }}
              dataSource={found.kinds}
              columns={[
                { title: t("system.kind"), render: (_, one) => kind(one.kind) },
                { title: t("system.count"), dataIndex: "count", align: "right" },
                ...(["p50", "p99", "max"] as const).map((name) => ({
                  title: t(`system.${name}`),
                  align: "right" as const,
                  render: (_: unknown, one: KindOfClock) => number(one[name]),
                })),
                {
                  title: t("system.over"),
                  align: "right",
                  render: (_, one) => (one.over ? <Tag color="red">{one.over}</Tag> : 0),
                },
              ]}
            />
            {found.late.length > 0 && (
              <WideTable<LateMark>
                label={t("system.over")}
                className="spaced"
                rowKey={(one) => `${one.order_id}/${one.seq}`}
                pagination={{ pageSize: 10 }}
                dataSource={found.late}
                columns={[
                  {
                    title: t("system.order"),
                    render: (_, one) =>
                      role === "administrator" ? (
                        one.order_id
                      ) : (
                        <Link to={`/orders/${one.order_id}`}>{one.order_id}</Link>
                      ),
                  },
                  { title: t("system.clock"), dataIndex: "key" },
                  { title: t("system.due"), render: (_, one) => <Instant at={one.due_at} /> },
                  { title: t("system.late"), align: "right", render: (_, one) => number(one.late_seconds) },
                ]}
              />
            )}
          </>
        )}
      </Answer>
    </Card>
  );
}
