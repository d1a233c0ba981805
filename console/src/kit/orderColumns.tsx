import { createContext, use } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNames, usePolicy } from "./names";
import type { OrderLine } from "./orderPages";
import { spoken, useNow, written } from "./time";

interface Labels {
  categories?: Record<string, { zh: string; en: string }>;
}

/** What a category is called. */
export function useCategories(): (code: string) => string {
  const { i18n } = useTranslation();
  const labels = (usePolicy().data?.document.labels ?? {}) as Labels;
  const language = i18n.language.startsWith("zh") ? "zh" : "en";
  return (code) => labels.categories?.[code]?.[language] ?? code;
}

const SOON = 2 * 3_600_000;

/** The next limit of an order: the lead's, or before there is one whatever time brings next. */
export const nextLimit = (line: OrderLine): string | null => line.due_at ?? line.next_at;

/** As the kit's `Countdown`, light enough for a long list: without a tip, the full time is its title. */
function Left({ line }: { line: OrderLine }) {
  const { t, i18n } = useTranslation("kit");
  const names = useNames();
  const now = useNow();
  const due = nextLimit(line);
  if (!due || line.over) return <span aria-hidden>—</span>;
  const left = Date.parse(due) - now;
  const { d, h, m, s } = spoken(left);
  const length = d ? t("time.dh", { d, h }) : h ? t("time.hm", { h, m }) : t("time.ms", { m, s });
  const tone = left < 0 ? "late" : left < SOON ? "soon" : "calm";
  return (
    <time
      dateTime={due}
      className={`left left-${tone}`}
      data-late={left < 0}
      title={written(due, i18n.language, names.zone(line.lead_unit || line.province))}
    >
      {left < 0 ? t("time.late", { length }) : t("time.left", { length })}
    </time>
  );
}

function Written({ at }: { at: string }) {
  const { i18n } = useTranslation();
  return <time dateTime={at}>{written(at, i18n.language)}</time>;
}

function State({ of }: { of: string }) {
  const { t } = useTranslation("verbs");
  return <span className={`mark mark-${of}`}>{t(`state.${of}`)}</span>;
}

function Level({ line }: { line: OrderLine }) {
  const { t } = useTranslation("verbs");
  const coloured = line.colour && line.colour !== "none";
  return (
    <>
      {line.level > 0 && <span className="mark mark-level">{t("level.short", { level: line.level })}</span>}
      {coloured && <span className={`mark mark-${line.colour}`}>{t(`colour.${line.colour}`)}</span>}
    </>
  );
}

function Named({ unit }: { unit: string }) {
  return <>{useNames().unit(unit)}</>;
}

function Category({ of }: { of: string }) {
  return <>{useCategories()(of)}</>;
}

function OrderClass({ of }: { of: string }) {
  const { t } = useTranslation("verbs");
  return <>{t(`class.${of}`)}</>;
}

/** The room in which an order of the list is opened. */
export const OpensIn = createContext("/orders");

function Numbered({ order }: { order: string }) {
  return (
    <Link to={`${use(OpensIn)}/${order}`} tabIndex={-1}>
      {order}
    </Link>
  );
}

interface OrderColumn {
  /** As CSS grid has it. */
  width: string;
  cell: (line: OrderLine) => React.ReactNode;
}

/** Every column that a list of orders may have, by its name: `kit:orders.<name>`. */
export const COLUMNS = {
  number: {
    width: "178px",
    cell: (line) => <Numbered order={line.order_id} />,
  },
  title: { width: "minmax(140px, 3fr)", cell: (line) => line.title },
  due: { width: "132px", cell: (line) => <Left line={line} /> },
  state: { width: "minmax(96px, 1fr)", cell: (line) => <State of={line.state} /> },
  level: { width: "minmax(70px, 0.8fr)", cell: (line) => <Level line={line} /> },
  lead: { width: "minmax(110px, 1.3fr)", cell: (line) => <Named unit={line.lead_unit || line.province} /> },
  category: { width: "minmax(96px, 1.2fr)", cell: (line) => <Category of={line.category} /> },
  class: { width: "92px", cell: (line) => <OrderClass of={line.order_class} /> },
  customer: { width: "128px", cell: (line) => `${line.customer_name} ${line.customer_phone}` },
  province: { width: "96px", cell: (line) => <Named unit={line.province} /> },
  registered: { width: "112px", cell: (line) => <Written at={line.registered_at} /> },
  updated: { width: "112px", cell: (line) => <Written at={line.updated_at} /> },
} satisfies Record<string, OrderColumn>;

export type ColumnName = keyof typeof COLUMNS;

/** What is shown where nobody chose. */
export const USUAL: readonly ColumnName[] = [
  "number",
  "title",
  "due",
  "state",
  "level",
  "lead",
  "category",
  "registered",
];

export const columnNames = Object.keys(COLUMNS) as ColumnName[];
