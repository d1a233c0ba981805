import { Button, Form, Input, Segmented, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useNames } from "@/kit/names";
import { Page } from "@/kit/Page";
import { type Axis } from "./data";
import { BoardBetween, BoardThen } from "./Board";
import { InboxBetween, InboxThen } from "./Inbox";

const AXES: readonly Axis[] = ["happened", "known"];
const PLACES = ["headquarters", "region", "province"];

interface Wanted {
  at?: string;
  to?: string;
  place?: string;
  unit?: string;
  by?: Axis;
}

/** What the field holds, which is of the reader's own clock, as an instant for the address; '' for none. */
const instant = (typed: string | undefined): string => (typed ? new Date(typed).toISOString() : "");

/** An instant of the address as the field holds it. */
function typed(at: string | null): string {
  if (!at) return "";
  const local = new Date(at);
  return new Date(local.getTime() - local.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The board or a unit's inbox at a past instant, and what changed until another; `?at=&to=&place=&unit=&by=`. */
export function Past() {
  const { t } = useTranslation("past");
  const names = useNames();
  const [address, setAddress] = useSearchParams();
  const [at, to] = [address.get("at") ?? "", address.get("to") ?? ""];
  const [place, unit] = [address.get("place") ?? "", address.get("unit") ?? ""];
  const by = AXES.find((one) => one === address.get("by")) ?? "happened";
  const show = (wanted: Wanted) => {
    const next = { at: instant(wanted.at), to: instant(wanted.to), place: wanted.place ?? "", unit: wanted.unit ?? "", by: wanted.by ?? "happened" }; // prettier-ignore
    setAddress(Object.fromEntries(Object.entries(next).filter(([, value]) => value !== "")));
  };
  const listed = (kinds: (kind: string) => boolean) =>
    names.units.filter((one) => kinds(one.kind)).map((one) => ({ value: one.id, label: names.unit(one.id) }));
  return (
    <Page title={t("past.title")} actions={<Link to="/audit">{t("back")}</Link>}>
      <p className="audit-lead">{t("past.lead")}</p>
      <Form<Wanted>
        layout="vertical"
        className="audit-find no-print"
        onFinish={show}
        initialValues={{ at: typed(at), to: typed(to), place: place || undefined, unit: unit || undefined, by }}
      >
        <Form.Item name="at" label={t("past.at")}>
          <Input type="datetime-local" step={1} />
        </Form.Item>
        <Form.Item name="to" label={t("past.to")}>
          <Input type="datetime-local" step={1} />
        </Form.Item>
        <Form.Item name="place" label={t("past.place")}>
          <Select allowClear showSearch optionFilterProp="label" options={listed((kind) => PLACES.includes(kind))} />
        </Form.Item>
        <Form.Item name="unit" label={t("past.unit")}>
          <Select allowClear showSearch optionFilterProp="label" options={listed((kind) => !PLACES.includes(kind))} />
        </Form.Item>
        <Form.Item name="by" label={t("past.by")}>
          <Segmented aria-label={t("past.by")} options={AXES.map((one) => ({ value: one, label: t(`axis.${one}`) }))} />
        </Form.Item>
        <Button type="primary" htmlType="submit">
          {t("past.show")}
        </Button>
      </Form>
      {unit ? (
        to && at ? (
          <InboxBetween unit={unit} from={at} to={to} by={by} />
        ) : (
          <InboxThen unit={unit} at={at} by={by} />
        )
      ) : to && at ? (
        <BoardBetween place={place} from={at} to={to} by={by} />
      ) : (
        <BoardThen place={place} at={at} by={by} />
      )}
    </Page>
  );
}
