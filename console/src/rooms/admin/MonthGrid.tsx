import { useTranslation } from "react-i18next";
import { hours, monthOf, type Day, type WorkCalendar } from "./calendar";

export interface MonthGridProps {
  calendar: WorkCalendar;
  year: number;
  month: number;
  /** What a day of the week is called, from Monday as 0. */
  weekday: (day: number) => string;
}

const WEEK = [0, 1, 2, 3, 4, 5, 6] as const;

/** A month as a table: each day with its mark, and its name and hours in full for who points at it or hears it. */
export function MonthGrid({ calendar, year, month, weekday }: MonthGridProps) {
  const { i18n } = useTranslation();
  const name = new Intl.DateTimeFormat(i18n.language, { month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(Date.UTC(year, month, 1)),
  );
  return (
    <table className="admin-month">
      <caption>{name}</caption>
      <thead>
        <tr>
          {WEEK.map((day) => (
            <th key={day} scope="col">
              {weekday(day)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {monthOf(calendar, year, month).map((week, at) => (
          <tr key={at}>
            {week.map((day, place) => (day ? <Cell key={day.date} of={day} /> : <td key={place} aria-label="–" />))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ of }: { of: Day }) {
  const { t, i18n } = useTranslation("admin");
  const zh = i18n.language.startsWith("zh");
  const name = of.special ? (zh ? of.special.zh : of.special.en) || t(`calendar.${of.kind}`) : t(`calendar.${of.kind}`);
  const full = `${of.date} ${name} ${hours(of.shifts) || t("calendar.closed")}`;
  return (
    <td className={`day-${of.kind}`} title={full}>
      {of.number}
      {of.kind !== "work" && <small>{t(`calendar.mark_${of.kind}`)}</small>}
      <span className="admin-hidden"> {full}</span>
    </td>
  );
}
