import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { OrderView } from "@/kit/command";
import { useNames } from "@/kit/names";
import { usePeople } from "@/kit/people";
import { Nothing } from "@/kit/states";
import { Countdown, Instant } from "@/kit/time";
import { Grid } from "./Facts";

const GONE = ["return_upheld", "withdrawn"];
const OWED = ["sign", "contact", "due", "co_due"];

/** Who handles it: each unit's part, how far it is and until when, and what was asked for and is not decided. */
export function Units({ view }: { view: OrderView }) {
  const { t } = useTranslation(["order", "verbs"]);
  const names = useNames();
  const { order } = view;
  const people = usePeople(order.province);
  const zone = names.zone(order.province);
  const parts = order.assignments ?? [];
  const now = parts.filter((one) => one.round === order.round && !GONE.includes(one.status));
  const former = parts.filter((one) => !now.includes(one));
  const nearest = (id: string) =>
    Object.values(order.clocks ?? {})
      .filter((clock) => OWED.includes(clock.kind) && clock.key.split("/")[1] === id)
      .sort((a, b) => a.due_at.localeCompare(b.due_at))[0];
  const table = (label: string, rows: typeof parts) => (
    <Grid
      label={label}
      head={["unit", "role", "status", "left", "dispatched", "signed", "contacted", "round"].map((one) =>
        t(`units.${one}`),
      )}
      rows={rows.map((part) => {
        const clock = nearest(part.id);
        return {
          key: part.id,
          cells: [
            <strong key="unit">{names.unit(part.unit)}</strong>,
            <>
              {t(`verbs:unit_role.${part.role}`)} {part.designated && <Tag>{t("units.designated")}</Tag>}
            </>,
            <>
              <Tag>{t(`verbs:part.${part.status}`)}</Tag>
              {part.explained && <Tag>{t("units.explained")}</Tag>}
            </>,
            clock ? (
              <>
                {t(`verbs:clock.${clock.kind}`)}{" "}
                <Countdown due={clock.due_at} zone={names.zone(part.unit)} paused={clock.status === "paused"} />
              </>
            ) : (
              "—"
            ),
            <Instant key="at" at={part.dispatched_at} zone={zone} />,
            <>
              <Instant at={part.signed_at} zone={zone} /> {part.auto_signed && <Tag color="red">{t("units.auto")}</Tag>}
            </>,
            <Instant key="contacted" at={part.contacted_at} zone={zone} />,
            `${part.round}/${part.hop}`,
          ],
        };
      })}
    />
  );
  return (
    <>
      {now.length ? table(t("units.heading"), now) : <Nothing>{t("units.none")}</Nothing>}
      {order.requests.length > 0 && (
        <>
          <h3>{t("units.requests")}</h3>
          <ul className="plain">
            {order.requests.map((one) => (
              <li key={one.kind}>
                <strong>{t(`verbs:request.${one.kind}`)}</strong>{" "}
                {t("units.by", { unit: names.unit(one.unit), who: people.name(one.by), at: "" })}
                <Instant at={one.at} zone={zone} />
                {one.until && (
                  <>
                    {" → "}
                    <Instant at={one.until} zone={zone} />
                  </>
                )}
                {one.text && <div>{one.text}</div>}
              </li>
            ))}
          </ul>
        </>
      )}
      {former.length > 0 && (
        <>
          <h3>{t("units.former")}</h3>
          {table(t("units.former"), former)}
        </>
      )}
    </>
  );
}
