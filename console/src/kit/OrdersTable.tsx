import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, use, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useKeys } from "./keys";
import { COLUMNS, OpensIn, USUAL, type ColumnName, useWording, type Wording } from "./orderColumns";
import { type OrderFilters, type OrderLine, useOrderPages } from "./orderPages";
import "./orders.css";
import { Failed, Loading, Nothing } from "./states";
import { useNarrow } from "./useNarrow";

export type { OrderFilters, OrderLine } from "./orderPages";

export interface OrdersTableProps {
  filters: OrderFilters;
  /** The orders of a customer, by his whole number or name, instead of all. */
  customer?: string | undefined;
  columns?: readonly ColumnName[];
  /** The chosen orders, where they may be chosen. */
  selected?: readonly string[];
  onSelect?: (orders: OrderLine[]) => void;
  /** What to say where there is nothing. */
  empty?: React.ReactNode;
  /** The room in which an order is opened. */
  opensIn?: string;
}

const WIDE = 40;
const NARROW = 92;
/** The head of the list, its edges, and a bar to scroll sideways with: a list that has ended is no taller than its rows. */
const HEAD = 56;
const LEAST = 320;

/**
 * The orders that one sees, by these filters: a list of any length, of which only what is in sight is kept.
 * j and k or the arrows go from one to the next, x chooses, Enter opens.
 */
export function OrdersTable(props: OrdersTableProps) {
  return (
    <OpensIn value={props.opensIn ?? "/orders"}>
      <Rows key={JSON.stringify([props.filters, props.customer])} {...props} />
    </OpensIn>
  );
}

function Rows({ filters, customer, columns = USUAL, selected, onSelect, empty }: OrdersTableProps) {
  const { t } = useTranslation("kit");
  const go = useNavigate();
  const room = use(OpensIn);
  const narrow = useNarrow();
  const wording = useWording();
  const pages = useOrderPages({ filters, customer });
  const frame = useRef<HTMLDivElement>(null);
  const chosen = useRef(new Map<string, OrderLine>());
  const [at, setAt] = useState(-1);
  for (const id of chosen.current.keys()) if (!selected?.includes(id)) chosen.current.delete(id);
  const height = narrow ? NARROW : WIDE;
  const virtual = useVirtualizer({
    count: pages.count,
    getScrollElement: () => frame.current,
    estimateSize: () => height,
    overscan: 6,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const rows = virtual.getVirtualItems();
  const [first, last] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? 0];
  const { see } = pages;
  // oxlint-disable-next-line react/exhaustive-deps -- `see` only sets the state, and only when it differs
  useEffect(() => see(first, last), [first, last]);

  const choose = (line: OrderLine) => {
    if (!onSelect) return;
    if (!chosen.current.delete(line.order_id)) chosen.current.set(line.order_id, line);
    onSelect([...chosen.current.values()]);
  };
  const move = (by: number) => {
    const next = Math.max(0, Math.min(pages.count - 1, at + by));
    setAt(next);
    virtual.scrollToIndex(next);
  };
  const here = at < 0 ? undefined : pages.row(at);
  const many = Math.max(1, Math.floor((frame.current?.clientHeight ?? 0) / height) - 1);
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(many),
    PageUp: () => move(-many),
    Home: () => move(-pages.count),
    x: () => here && choose(here),
    Enter: () => here && void go(`${room}/${here.order_id}`),
  });

  if (!pages.first) return pages.error ? <Failed error={pages.error} retry={pages.refetch} /> : <Loading rows={8} />;
  if (pages.ended && pages.count === 0) return <Nothing>{empty ?? t("none")}</Nothing>;
  const whole = virtual.getTotalSize() + HEAD;
  const widths = `${onSelect ? "36px " : ""}${columns.map((name) => COLUMNS[name].width).join(" ")}`;
  return (
    <>
      {pages.error ? <Failed error={pages.error} retry={pages.refetch} /> : null}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a grid is moved in by keys */}
      <div
        ref={frame}
        style={pages.ended ? { maxHeight: whole, minHeight: Math.min(LEAST, whole) } : {}}
        className={narrow ? "orders orders-narrow" : "orders"}
        role="grid"
        aria-label={t("orders.list")}
        aria-rowcount={pages.ended ? pages.count + 1 : -1}
        aria-multiselectable={Boolean(onSelect)}
        aria-activedescendant={here ? `row-${at}` : undefined}
        tabIndex={0}
      >
        <div role="row" aria-rowindex={1} className="orders-head" style={narrow ? {} : { gridTemplateColumns: widths }}>
          {onSelect && (
            <span role="columnheader" aria-label={t("orders.chosen")}>
              {selected?.length || ""}
            </span>
          )}
          {columns.map((name) => (
            <span role="columnheader" key={name}>
              {t(`orders.${name}`)}
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {rows.map((row) => {
            const line = pages.row(row.index);
            return (
              <Row
                key={row.key}
                index={row.index}
                line={line}
                top={row.start}
                height={height}
                widths={narrow ? "" : widths}
                columns={columns}
                wording={wording}
                active={row.index === at}
                chosen={onSelect ? Boolean(line && selected?.includes(line.order_id)) : undefined}
                onHere={setAt}
                onChoose={choose}
                onOpen={(order) => void go(`${room}/${order}`)}
              />
            );
          })}
        </div>
      </div>
    </>
  );
}

interface RowProps {
  index: number;
  line: OrderLine | undefined;
  top: number;
  height: number;
  widths: string;
  columns: readonly ColumnName[];
  wording: Wording;
  active: boolean;
  chosen: boolean | undefined;
  onHere: (index: number) => void;
  onChoose: (line: OrderLine) => void;
  onOpen: (order: string) => unknown;
}

const Row = memo(
  function Row({
    index,
    line,
    top,
    height,
    widths,
    columns,
    wording,
    active,
    chosen,
    onHere,
    onChoose,
    onOpen,
  }: RowProps) {
    const t = wording.kit;
    const style = { transform: `translateY(${top}px)`, height, ...(widths && { gridTemplateColumns: widths }) };
    if (!line)
      return (
        <div role="row" className="orders-row orders-waiting" style={style} aria-rowindex={index + 2}>
          <span role="gridcell" className="orders-bar" aria-label={t("loading")} />
        </div>
      );
    return (
      // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys of the whole list do the same
      <div
        role="row"
        id={`row-${index}`}
        tabIndex={-1}
        className={active ? "orders-row orders-active" : "orders-row"}
        style={style}
        aria-rowindex={index + 2}
        aria-selected={chosen}
        data-order={line.order_id}
        onClick={() => onHere(index)}
        onDoubleClick={() => void onOpen(line.order_id)}
      >
        {chosen !== undefined && (
          <span role="gridcell" className="orders-choose">
            <input
              type="checkbox"
              tabIndex={-1}
              checked={chosen}
              aria-label={t("orders.choose", { number: line.order_id })}
              onChange={() => onChoose(line)}
            />
          </span>
        )}
        {columns.map((name) => (
          <span role="gridcell" key={name} className={`orders-${name}`}>
            {COLUMNS[name].cell(line, wording)}
          </span>
        ))}
      </div>
    );
  },
  (one, other) =>
    one.line === other.line &&
    one.index === other.index &&
    one.top === other.top &&
    one.height === other.height &&
    one.widths === other.widths &&
    one.columns === other.columns &&
    one.wording === other.wording &&
    one.active === other.active &&
    one.chosen === other.chosen,
);
