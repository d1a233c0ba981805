import { LeftOutlined, RightOutlined } from "@ant-design/icons";
import { Button, Card, Select, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePolicy } from "@/kit/names";
import { Answer } from "@/kit/states";
import { hours, type WorkCalendar } from "./calendar";
import { MonthGrid } from "./MonthGrid";
import { useMay } from "./rights";

/** The calendars of the policy in force: when is worked, what is a holiday, and where that is written. */
export default function Calendars() {
  const { t } = useTranslation("admin");
  const policy = usePolicy();
  return (
    <Answer of={policy} empty={t("policy.none")}>
      {(found) => {
        const document = found.document as { calendar?: string; calendars?: Record<string, WorkCalendar> };
        return (
          <Shown version={found.version} calendars={document.calendars ?? {}} usual={document.calendar ?? "office"} />
        );
      }}
    </Answer>
  );
}

function Shown({
  version,
  calendars,
  usual,
}: {
  version: string;
  calendars: Record<string, WorkCalendar>;
  usual: string;
}) {
  const { t, i18n } = useTranslation("admin");
  const zh = i18n.language.startsWith("zh");
  const may = useMay();
  const [name, setName] = useState(usual);
  const [year, setYear] = useState(() => new Date().getFullYear());
  const calendar = calendars[name];
  const weekday = (day: number) =>
    new Intl.DateTimeFormat(i18n.language, { weekday: "short", timeZone: "UTC" }).format(
      new Date(Date.UTC(2024, 0, 1 + day)),
    );
  return (
    <>
      <div className="admin-bar">
        <label>
          {t("calendar.which")}
          <Select
            value={name}
            aria-label={t("calendar.which")}
            onChange={setName}
            options={Object.entries(calendars).map(([value, one]) => ({
              value,
              label: `${zh ? one.zh : one.en} (${value})`,
            }))}
          />
        </label>
        <div className="admin-acts" role="group" aria-label={t("calendar.year")}>
          <Button icon={<LeftOutlined />} aria-label={t("calendar.before")} onClick={() => setYear(year - 1)} />
          <strong className="admin-year" aria-live="polite">
            {year}
          </strong>
          <Button icon={<RightOutlined />} aria-label={t("calendar.after")} onClick={() => setYear(year + 1)} />
        </div>
        <Link to={`/admin/policies/${encodeURIComponent(version)}?find=${encodeURIComponent(name)}`}>
          {t(may("policies") ? "calendar.change" : "calendar.read", { version })}
        </Link>
      </div>
      <div className="admin-legend">
        <Tag className="day-holiday">{t("calendar.mark_holiday")}</Tag> {t("calendar.holiday")}
        <Tag className="day-made_up">{t("calendar.mark_made_up")}</Tag> {t("calendar.made_up")}
        <Tag className="day-special">{t("calendar.mark_special")}</Tag> {t("calendar.special")}
        <Tag className="day-free">{t("calendar.mark_free")}</Tag> {t("calendar.free")}
      </div>
      {calendar && (
        <>
          <div className="admin-months">
            {Array.from({ length: 12 }, (_, month) => (
              <MonthGrid key={month} calendar={calendar} year={year} month={month} weekday={weekday} />
            ))}
          </div>
          <div className="admin-halves">
            <Card size="small" title={<h2 className="admin-h2">{t("calendar.hours")}</h2>}>
              <ul className="admin-faults">
                {calendar.week.map((shifts, day) => (
                  <li key={day}>
                    {weekday(day)}: {hours(shifts) || t("calendar.closed")}
                  </li>
                ))}
                <li>{t("calendar.zone", { zone: calendar.zone })}</li>
              </ul>
            </Card>
            <Card size="small" title={<h2 className="admin-h2">{t("calendar.specials", { year })}</h2>}>
              <ul className="admin-faults">
                {calendar.specials
                  .filter((one) => one.first.startsWith(String(year)) || one.last?.startsWith(String(year)))
                  .map((one) => (
                    <li key={one.first + (one.last ?? "")}>
                      {one.first}
                      {one.last && one.last !== one.first && ` … ${one.last}`}: {(zh ? one.zh : one.en) ?? ""}{" "}
                      {hours(one.shifts ?? []) || t("calendar.closed")}
                    </li>
                  ))}
              </ul>
              {calendar.sources?.map((one) => (
                <p key={one.of + one.source} className="admin-remedy">
                  {t("calendar.source", { of: one.of, source: one.source })}
                </p>
              ))}
            </Card>
          </div>
        </>
      )}
    </>
  );
}
