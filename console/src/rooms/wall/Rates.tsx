import { Card, Segmented } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Chart } from "@/kit/Chart";
import { coverage, percent, type Period, PERIODS, RATES, type Rates as Found } from "./wall";

const said = (value: number | null): string => (value === null ? "—" : `${value} %`);

/** The bars of labels and shares, which come as JSON so that they are only drawn anew where they differ. */
function bars(key: string) {
  const [labels, shares] = JSON.parse(key) as [string[], (number | null)[]];
  return {
    grid: { left: 8, right: 48, top: 8, bottom: 8, containLabel: true },
    xAxis: { type: "value", max: 100, axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: { type: "category", inverse: true, data: labels, axisTick: { show: false }, axisLine: { show: false } },
    series: [
      {
        type: "bar",
        barWidth: 14,
        showBackground: true,
        label: {
          show: true,
          position: "right",
          formatter: ({ dataIndex }: { dataIndex: number }) => said(shares[dataIndex] ?? null),
        },
        data: shares.map((value, at) => ({
          value: value ?? 0,
          itemStyle: { color: at < RATES.length ? "#0b5cad" : "#6b7480" },
        })),
      },
    ],
  };
}

function Bars({ of, label }: { of: string; label: string }) {
  const option = useMemo(() => bars(of), [of]);
  return <Chart option={option} height={132} label={label} />;
}

/** The three rates of a period, each with how many answered it, and the coverage beside all of them. */
export function Rates({ of, days, onDays }: { of: Found; days: Period; onDays: (days: Period) => void }) {
  const { t } = useTranslation("wall");
  const covered = coverage(of);
  const names = [...RATES.map((name) => t(`rate.${name}`)), t("rate.coverage")];
  const values = [...RATES.map((name) => percent(of[name])), percent(covered)];
  const key = JSON.stringify([names, values]);
  return (
    <Card
      size="small"
      title={<h2>{t("rate.heading")}</h2>}
      extra={
        <Segmented<Period>
          aria-label={t("rate.period")}
          value={days}
          options={PERIODS.map((one) => ({ value: one, label: t(`rate.days${one}`) }))}
          onChange={onDays}
        />
      }
    >
      <dl className="rates">
        {RATES.map((name) => (
          <div key={name} data-rate={name}>
            <dt>{t(`rate.${name}`)}</dt>
            <dd className="rate-value">{said(percent(of[name]))}</dd>
            <dd>{t("rate.of", { yes: of[name].yes, of: of[name].of })}</dd>
          </div>
        ))}
        <div data-rate="coverage">
          <dt>{t("rate.coverage")}</dt>
          <dd className="rate-value">{said(percent(covered))}</dd>
          <dd>{t("rate.covered", { completed: of.completed, due: of.due })}</dd>
        </div>
      </dl>
      <Bars of={key} label={names.map((name, at) => `${name} ${said(values[at] ?? null)}`).join(", ")} />
      <p className="quiet">{t("rate.rule")}</p>
    </Card>
  );
}
