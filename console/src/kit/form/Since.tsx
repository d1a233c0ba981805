import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";
import type { EventLine, Order } from "../sentences";
import { useSentences } from "../sentences";
import { Instant } from "../time";

/** What happened since somebody looked, and that he has seen it. */
export function Since({
  events,
  order,
  zone,
  onSeen,
}: {
  events: EventLine[];
  order: Order;
  zone: string;
  onSeen: () => void;
}) {
  const { t } = useTranslation("verbs");
  const { say } = useSentences(order, zone);
  if (!events.length) return null;
  return (
    <Alert
      type="info"
      showIcon
      role="status"
      className="spaced"
      title={t("word.since", { number: events.length })}
      description={
        <ul className="plain">
          {events.map((event) => (
            <li key={event.seq}>
              <Instant at={event.at} zone={zone} /> {say(event)}
            </li>
          ))}
        </ul>
      }
      action={<Button onClick={onSeen}>{t("word.seen")}</Button>}
    />
  );
}
