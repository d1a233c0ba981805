import { Button, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { LevelTag } from "@/kit/tags";
import { Countdown, Instant } from "@/kit/time";
import type { CallLine } from "./queue";

export interface QueueProps {
  ready: CallLine[];
  later: CallLine[];
  here: string;
  more: (() => void) | undefined;
  reading: boolean;
}

/** Whom to call: first those who may be called now, by the nearest limit; then the others, with from when. */
export function Queue({ ready, later, here, more, reading }: QueueProps) {
  const { t } = useTranslation(["callbacks", "kit"]);
  return (
    <nav className="calls-queue" aria-label={t("queue")}>
      <h2>{t("ready", { count: ready.length })}</h2>
      {ready.length === 0 && <p className="calls-quiet">{t("none_ready")}</p>}
      <ul>
        {ready.map((line) => (
          <Line key={line.order_id} line={line} here={line.order_id === here} />
        ))}
      </ul>
      {later.length > 0 && <h2>{t("later", { count: later.length })}</h2>}
      <ul>
        {later.map((line) => (
          <Line key={line.order_id} line={line} here={line.order_id === here} later />
        ))}
      </ul>
      {more && (
        <Button block loading={reading} onClick={more}>
          {t("kit:more")}
        </Button>
      )}
    </nav>
  );
}

function Line({ line, here, later = false }: { line: CallLine; here: boolean; later?: boolean }) {
  const { t } = useTranslation(["callbacks", "verbs"]);
  return (
    <li className="calls-line" data-here={here} data-order={line.order_id}>
      <Link to={`/callbacks/${line.order_id}`} aria-current={here ? "true" : undefined}>
        {line.title}
      </Link>
      <div className="calls-facts">
        <span>{line.customer_name}</span>
        <span className="calls-quiet">{line.customer_phone}</span>
        <LevelTag level={line.level} />
        {line.expiry && <Tag color="volcano">{t("expiry")}</Tag>}
        {line.attempts > 0 && <Tag color="gold">{t("attempts", { count: line.attempts })}</Tag>}
      </div>
      <div className="calls-facts">
        {later ? (
          <span>
            {t("from")} <Instant at={line.may_call_at} zone={line.zone} />
          </span>
        ) : (
          <Tag color="green">{t("now")}</Tag>
        )}
        <span className="calls-quiet">{t("limit")}</span>
        <Countdown due={line.due_at} zone={line.zone} />
      </div>
    </li>
  );
}
