import { PrinterOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { OrderView } from "@/kit/command";
import { useNames } from "@/kit/names";
import { useEvents } from "@/kit/order";
import { Page } from "@/kit/Page";
import { tells, useSentences } from "@/kit/sentences";
import { useMe } from "@/kit/session";
import { Answer } from "@/kit/states";
import { Instant, useNow, written } from "@/kit/time";
import { Customer } from "./Customer";
import { Head, Marks } from "./Head";
import { Units } from "./Units";

/** The order on paper: what it is about, who handled it, and everything that happened, on A4. */
export function PrintView({ view }: { view: OrderView }) {
  const { t, i18n } = useTranslation("order");
  const me = useMe();
  const names = useNames();
  const now = useNow();
  const { order } = view;
  const zone = names.zone(order.province);
  const events = useEvents(order.id);
  const { say, title } = useSentences(order, zone);
  const text = events.data?.find(tells)?.data.text as string | undefined;
  return (
    <Page
      title={t("print_view.heading", { id: order.id })}
      actions={
        <>
          <Link to={`/orders/${order.id}`}>{t("print_view.back")}</Link>
          <Button type="primary" icon={<PrinterOutlined aria-hidden />} onClick={() => window.print()}>
            {t("print")}
          </Button>
        </>
      }
    >
      <article className="paper">
        <Marks view={view} />
        <Head view={view} />
        <Customer order={order} text={text} />
        <h2>{t("print_view.units")}</h2>
        <Units view={view} />
        <h2>{t("print_view.timeline")}</h2>
        <Answer of={events}>
          {(found) => (
            <ol className="timeline">
              {found.map((event) => (
                <li key={event.seq} className="event">
                  <div className="event-line">
                    {event.seq}. <Instant at={event.at} zone={zone} /> <strong>{title(event.type)}</strong>
                  </div>
                  <div className="sentence">{say(event)}</div>
                  {event.reason && <div className="reason">{t("timeline.reason", { reason: event.reason })}</div>}
                </li>
              ))}
            </ol>
          )}
        </Answer>
        <footer className="quiet">
          {t("print_view.made", { at: written(new Date(now).toISOString(), i18n.language, zone), who: names.of(me) })}
        </footer>
      </article>
    </Page>
  );
}
