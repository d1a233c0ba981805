import { Form, Segmented, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { Chart } from "@/kit/Chart";
import { useNames } from "@/kit/names";
import { Page } from "@/kit/Page";
import { Answer } from "@/kit/states";
import { useExact } from "../useExact";
import { type By, type Picture, useProcess } from "./data";
import { length } from "./length";
import { processChart } from "./processChart";
import { Table } from "./Table";

const BY: readonly By[] = ["event", "unit", "state"];

/** How orders in fact go: the graph of who follows whom, variants, where they wait, what is handed back. */
export function Process() {
  const { t } = useTranslation("past");
  const names = useNames();
  const [address, setAddress] = useSearchParams();
  const by = BY.find((one) => one === address.get("by")) ?? "event";
  const province = address.get("province") ?? "";
  const found = useProcess({ by, ...(province && { province }) });
  const put = (name: string, value: string) => {
    const next = new URLSearchParams(address);
    if (value) next.set(name, value);
    else next.delete(name);
    setAddress(next, { replace: true });
  };
  const provinces = names.units.filter((unit) => unit.kind === "province");
  return (
    <Page title={t("process.title")} actions={<Link to="/audit">{t("back")}</Link>}>
      <p className="audit-lead">{t("process.lead")}</p>
      <Form layout="vertical" className="audit-find no-print">
        <Form.Item label={t("process.by")}>
          <Segmented
            aria-label={t("process.by")}
            value={by}
            options={BY.map((one) => ({ value: one, label: t(`by.${one}`) }))}
            onChange={(one) => put("by", one)}
          />
        </Form.Item>
        <Form.Item label={t("province")} htmlFor="process-province">
          <Select
            id="process-province"
            allowClear
            showSearch
            optionFilterProp="label"
            value={province || undefined}
            options={provinces.map((unit) => ({ value: unit.id, label: names.unit(unit.id) }))}
            onChange={(one?: string) => put("province", one ?? "")}
          />
        </Form.Item>
      </Form>
      <Answer of={found} empty={t("process.none")}>
        {(answer) => <Drawn answer={answer} by={by} />}
      </Answer>
    </Page>
  );
}

function Drawn({ answer, by }: { answer: Picture; by: By }) {
  const { t } = useTranslation(["past", "verbs"]);
  const names = useNames();
  const exact = useExact(names.zone(""));
  const { picture, bottlenecks } = answer.process;
  const activity = useMemo(
    () => (one: string) => (by === "unit" ? (one ? names.unit(one) : t("nobody")) : t(`verbs:${by}.${one}`, one)),
    [by, names, t],
  );
  const span = useMemo(() => (seconds: number) => length(seconds, (unit, count) => t(`span.${unit}`, { count })), [t]);
  const chart = useMemo(
    () => processChart(picture, activity, (n, median) => `${n} · ${span(median)}`),
    [picture, activity, span],
  );
  const unit = (id: string) => (id ? names.unit(id) : t("nobody"));
  if (picture.cases === 0) return <p>{t("process.none")}</p>;
  return (
    <>
      <p>
        {t("process.sum", {
          cases: picture.cases,
          steps: picture.steps,
          variants: picture.variants_in_all,
          handovers: picture.handovers,
        })}{" "}
        {answer.known_up_to && t("whole", { at: exact(answer.known_up_to) })}
      </p>
      <Chart option={chart.option} label={t("process.chart", { count: picture.edges.length })} height={chart.height} />
      <Table
        label={t("process.edges")}
        heads={["from", "to", "n", "least", "median", "mean", "most"].map((head) => t(`head.${head}`))}
        lines={picture.edges.slice(0, 60).map(({ source, target, times }) => ({
          key: `${source} ${target}`,
          cells: [
            activity(source), activity(target), times.n, span(times.least), span(times.median), span(times.mean),
            span(times.most),
          ],
        }))} // prettier-ignore
      />
      <Table
        label={t("process.bottlenecks")}
        heads={["unit", "state", "share", "orders", "still", "median", "most", "work"].map((head) => t(`head.${head}`))}
        lines={bottlenecks.slice(0, 30).map((one) => ({
          key: `${one.unit} ${one.state}`,
          cells: [
            unit(one.unit), t(`verbs:state.${one.state}`, one.state), `${Math.round(one.share * 100)} %`, one.orders,
            one.still, span(one.wall.median), span(one.wall.most), span(one.working.median),
          ],
        }))} // prettier-ignore
      />
      <Table
        label={t("process.nodes")}
        heads={["activity", "n", "orders", "starts", "ends", "rework", "repeats", "wait"].map((head) =>
          t(`head.${head}`),
        )}
        lines={picture.nodes.map((one) => ({
          key: one.activity,
          cells: [
            activity(one.activity), one.n, one.cases, one.starts, one.ends, one.rework_cases, one.repeats,
            one.wait ? span(one.wait.median) : "—",
          ],
        }))} // prettier-ignore
      />
      <Table
        label={t("process.variants", { count: picture.variants_in_all })}
        heads={["orders", "median", "variant"].map((head) => t(`head.${head}`))}
        lines={picture.variants.map((one) => ({
          key: one.activities.join(" "),
          cells: [one.cases, span(one.times.median), one.activities.map(activity).join(" → ")],
        }))}
      />
      {picture.ping_pong.length > 0 ? (
        <Table
          label={t("process.pingpong")}
          heads={["from", "there", "n", "orders"].map((head) => t(`head.${head}`))}
          lines={picture.ping_pong.slice(0, 30).map((one) => ({
            key: `${one.place} ${one.other}`,
            cells: [unit(one.place), unit(one.other), one.n, one.cases],
          }))}
        />
      ) : (
        <p>{t("process.noPingpong")}</p>
      )}
    </>
  );
}
