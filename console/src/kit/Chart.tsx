import { BarChart, CustomChart, GaugeChart, GraphChart, LineChart, PieChart } from "echarts/charts";
import {
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { init, use as install, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

install([
  BarChart, CustomChart, GaugeChart, GraphChart, LineChart, PieChart,
  AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent,
  CanvasRenderer,
]); // prettier-ignore

export interface ChartProps {
  /** An ECharts option; its tooltips are drawn on the canvas, for the page allows no inline styles. */
  option: EChartsCoreOption;
  /** What the chart says, for who does not see it. */
  label: string;
  height?: number;
  onClick?: (what: { name: string; dataIndex: number; seriesName?: string }) => void;
}

/** A chart as wide as its place. Give the same figures as text or table beside it. */
export function Chart({ option, label, height = 280, onClick }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const clicked = useRef(onClick);
  useEffect(() => {
    clicked.current = onClick;
  }, [onClick]);
  useEffect(() => {
    if (!place.current) return undefined;
    const made = init(place.current);
    chart.current = made;
    made.on("click", (what) =>
      clicked.current?.({
        name: what.name,
        dataIndex: what.dataIndex,
        ...(what.seriesName && { seriesName: what.seriesName }),
      }),
    );
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(place.current);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    chart.current?.setOption(
      { aria: { enabled: false }, tooltip: { renderMode: "richText" }, ...option },
      { notMerge: true },
    );
  }, [option]);
  return <div ref={place} role="img" aria-label={label} style={{ width: "100%", height }} />;
}
