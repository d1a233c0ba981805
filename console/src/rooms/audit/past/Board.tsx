import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import { useExact } from "../useExact";
import { type Axis, useBoardBetween, useBoardThen } from "./data";
import { Changes } from "./Changes";
import { Table } from "./Table";

type Figures = Schemas["Figures"];

const FIGURES = ["open", "overdue", "unreported", "unsigned", "breaches", "registered", "closed"] as const;

/** The figures of the board and what stood worst, as of an instant. */
export function BoardThen({ place, at, by }: { place: string; at: string; by: Axis }) {
  const { t } = useTranslation(["past", "verbs"]);
  const names = useNames();
  const exact = useExact(names.zone(""));
  const found = useBoardThen(place, at, by);
  return (
    <Answer of={found} empty={t("past.none")}>
      {(board) => (
        <>
          <h2>{t("past.board", { place: names.unit(board.wall.place), at: exact(board.at) })}</h2>
          <p>{t("whole", { at: exact(board.known_up_to) })}</p>
          <Sums rows={board.wall.places.map((one) => [names.unit(one.id), one.figures])} head={t("past.place")} />
          <Table
            label={t("past.worst")}
            heads={["order", "unit", "level", "limit", "due"].map((head) => t(`head.${head}`))}
            lines={board.wall.worst.map((one) => ({
              key: one.order_id,
              cells: [
                <Link key="order" to={`/audit/${one.order_id}`}>
                  {one.order_id}
                </Link>,
                one.unit ? names.unit(one.unit) : "—",
                one.level,
                one.clock ? t(`verbs:clock.${one.clock}`, one.clock) : "—",
                exact(one.due_at),
              ],
            }))}
          />
        </>
      )}
    </Answer>
  );
}

function Sums({ rows, head }: { rows: readonly (readonly [string, Figures])[]; head: string }) {
  const { t } = useTranslation("past");
  return (
    <Table
      label={t("past.figures")}
      heads={[head, ...FIGURES.map((name) => t(`figure.${name}`))]}
      lines={rows.map(([name, figures]) => ({ key: name, cells: [name, ...FIGURES.map((one) => figures[one])] }))}
    />
  );
}

/** What changed on the board between two instants: figures before and after, how many orders moved how, and which. */
export function BoardBetween({ place, from, to, by }: { place: string; from: string; to: string; by: Axis }) {
  const { t } = useTranslation("past");
  const names = useNames();
  const exact = useExact(names.zone(""));
  const found = useBoardBetween(place, from, to, by);
  return (
    <Answer of={found} empty={t("past.none")}>
      {({ difference, ...span }) => (
        <>
          <h2>{t("past.between", { what: names.unit(span.place), from: exact(span.from), to: exact(span.to) })}</h2>
          <Sums
            head={t("past.when")}
            rows={[
              [exact(span.from), difference.before],
              [exact(span.to), difference.after],
            ]}
          />
          <p>
            {Object.entries(difference.counts)
              .map(([how, count]) => `${t(`how.${how}`)} ${count}`)
              .join(" · ")}
          </p>
          <Table
            label={t("past.moved")}
            heads={["order", "how", "unit", "level", "changes"].map((head) => t(`head.${head}`))}
            lines={difference.lines.map((one) => ({
              key: one.order_id,
              cells: [
                <Link key="order" to={`/audit/${one.order_id}`}>
                  {one.order_id}
                </Link>,
                t(`how.${one.how}`),
                one.lead_unit ? names.unit(one.lead_unit) : "—",
                one.level,
                <Changes key="changes" of={one.changes} />,
              ],
            }))}
          />
        </>
      )}
    </Answer>
  );
}
