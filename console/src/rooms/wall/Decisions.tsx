import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNames } from "@/kit/names";
import { useMe } from "@/kit/session";
import { LevelTag, StateTag } from "@/kit/tags";
import { Countdown, Instant } from "@/kit/time";
import { Listed } from "./Lists";
import type { Decision } from "./wall";

/** What waits for a decision that the asker may make, the nearest limit first, of closed orders too. */
export function Decisions({ lines }: { lines: readonly Decision[] }) {
  const { t } = useTranslation("wall");
  const { t: word } = useTranslation("verbs");
  const names = useNames();
  const { role } = useMe();
  const mine = lines.filter((line) => line.roles.includes(role));
  return (
    <Listed title={t("decisions.title")} total={mine.length} shown={mine.length} none={t("decisions.none")}>
      <ul className="missing">
        {mine.map((line) => (
          <li key={`${line.order_id}/${line.key}`} data-decides={line.clock} data-of={line.order_id}>
            <div className="missing-who">
              <strong>{word(`verb.${line.verb}.label`)}</strong>
              <span>{names.zh ? line.zh : line.en}</span>
              <Link to={`/orders/${line.order_id}`}>{line.order_id}</Link>
              <StateTag state={line.state} />
              <LevelTag level={line.level} />
            </div>
            <div className="missing-what">
              <Tag>{word(`clock.${line.clock}`)}</Tag>
              <span className="quiet">
                {t("since")} <Instant at={line.since} zone={names.zone(line.province)} />
              </span>
              <Countdown due={line.due_at} zone={names.zone(line.province)} />
            </div>
          </li>
        ))}
      </ul>
    </Listed>
  );
}
