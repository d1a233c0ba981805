import type { TFunction } from "i18next";
import { createContext, use, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNames, usePolicy } from "./names";
import type { OrderLine } from "./orderPages";
import { spoken, useNow, written } from "./time";

interface Labels {
  categories?: Record<string, { zh: string; en: string }>;
}

const SOON = 2 * 3_600_000;

/**
 * The next limit of an order: the lead's, or before there is one whatever time brings next. None of one that is closed:
 * what may still run then (the time to reopen, a review) is no limit for the order.
 */
export const nextLimit = (line: OrderLine): string | null =>
  line.over || line.state === "closed" ? null : (line.due_at ?? line.next_at);

/** What the cells of a list are written with: looked up once for the list, and not once for each cell. */
export interface Wording {
  language: string;
  kit: TFunction<"kit">;
  verbs: TFunction<"verbs">;
  unit: (id: string) => string;
  zone: (id: string) => string;
  category: (code: string) => string;
}

/** The wording of a list in the language of the page; the same as long as nothing of it changes. */
export function useWording(): Wording {
  const { t: kit, i18n } = useTranslation("kit");
  const { t: verbs } = useTranslation("verbs");
  const { unit, zone } = useNames();
  const { language } = i18n;
  const document = usePolicy().data?.document;
  return useMemo(() => {
    const labels = ((document?.labels ?? {}) as Labels).categories ?? {};
    const own = language.startsWith("zh") ? "zh" : "en";
    return { language, kit, verbs, unit, zone, category: (code) => labels[code]?.[own] ?? code };
  }, [language, kit, verbs, unit, zone, document]);
}

/** As the kit's `Countdown`, light enough for a long list: without a tip, the full time is its title. */
function Left({ line, wording: { kit, language, zone } }: { line: OrderLine; wording: Wording }) {
  const now = useNow();
  const due = nextLimit(line);
  if (!due) return <span aria-hidden>—</span>;
  const left = Date.parse(due) - now;
  const { d, h, m, s } = spoken(left);
  const length = d ? kit("time.dh", { d, h }) : h ? kit("time.hm", { h, m }) : kit("time.ms", { m, s });
  const tone = left < 0 ? "late" : left < SOON ? "soon" : "calm";
  return (
    <time
      dateTime={due}
      className={`left left-${tone}`}
      data-late={left < 0}
      title={written(due, language, zone(line.lead_unit || line.province))}
    >
      {left < 0 ? kit("time.late", { length }) : kit("time.left", { length })}
    </time>
  );
}

const time = (at: string, { language }: Wording) => <time dateTime={at}>{written(at, language)}</time>;

const level = (line: OrderLine, { verbs }: Wording) => (
  <>
    {line.level > 0 && <span className="mark mark-level">{verbs("level.short", { level: line.level })}</span>}
    {line.colour && line.colour !== "none" && (
      <span className={`mark mark-${line.colour}`}>{verbs(`colour.${line.colour}`)}</span>
    )}
  </>
);

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
  cell: (line: OrderLine, wording: Wording) => React.ReactNode;
}

/** Every column that a list of orders may have, by its name: `kit:orders.<name>`. */
export const COLUMNS = {
  number: {
    width: "178px",
    cell: (line) => <Numbered order={line.order_id} />,
  },
  title: { width: "minmax(140px, 3fr)", cell: (line) => line.title },
  due: { width: "132px", cell: (line, wording) => <Left line={line} wording={wording} /> },
  state: {
    width: "minmax(96px, 1fr)",
    cell: ({ state }, { verbs }) => <span className={`mark mark-${state}`}>{verbs(`state.${state}`)}</span>,
  },
  level: { width: "minmax(70px, 0.8fr)", cell: level },
  lead: { width: "minmax(110px, 1.3fr)", cell: (line, { unit }) => unit(line.lead_unit || line.province) },
  category: { width: "minmax(96px, 1.2fr)", cell: (line, { category }) => category(line.category) },
  class: { width: "92px", cell: (line, { verbs }) => verbs(`class.${line.order_class}`) },
  customer: { width: "128px", cell: (line) => `${line.customer_name} ${line.customer_phone}` },
  province: { width: "96px", cell: (line, { unit }) => unit(line.province) },
  registered: { width: "112px", cell: (line, wording) => time(line.registered_at, wording) },
  updated: { width: "112px", cell: (line, wording) => time(line.updated_at, wording) },
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
