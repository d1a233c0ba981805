import { Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { CommandAnswer } from "@/kit/command";
import { offsetOf } from "@/kit/form/instants";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import { useEvents } from "@/kit/order";
import { useMe } from "@/kit/session";
import { Answer } from "@/kit/states";
import { ClassTag, LevelTag } from "@/kit/tags";
import { Countdown, Instant } from "@/kit/time";
import { Callee } from "./Callee";
import { Outcome } from "./Outcome";
import { NOTHING, question, unhappy } from "./outcome";
import type { CallLine } from "./queue";
import { Script } from "./Script";

export interface CallProps {
  line: CallLine;
  /** Whether the rules allow a call at this instant. */
  open: boolean;
  /** Whether the line is still in the queue; false when a colleague was faster. */
  there: boolean;
  onDone: (answer: CommandAnswer, line: CallLine) => void;
  onNext: () => void;
}

const words = (value: unknown): string => (typeof value === "string" ? value : "");

/** One call: whom, about what, what to say, and the outcome. */
export function Call({ line, open, there, onDone, onNext }: CallProps) {
  const { t } = useTranslation(["callbacks", "verbs"]);
  const me = useMe();
  const names = useNames();
  const labels = useLabels();
  const events = useEvents(line.order_id);
  const [said, setSaid] = useState(NOTHING);
  const may = me.role === "callback_agent" && there;
  return (
    <article className="calls-call" aria-labelledby="call-title">
      <header>
        <h2 id="call-title">{line.title}</h2>
        <div className="calls-facts">
          <Link to={`/orders/${line.order_id}`}>{line.order_id}</Link>
          <ClassTag of={line.order_class} />
          <LevelTag level={line.level} />
          <Tag>{labels.of("categories", line.category)}</Tag>
          <span>{t("handled_by", { unit: names.unit(line.lead_unit || line.province) })}</span>
          {line.round > 1 && <Tag color="volcano">{t("round", { round: line.round })}</Tag>}
        </div>
        <div className="calls-facts">
          <Tag color={open ? "green" : "orange"} role="status">
            {open ? (
              t("may_call")
            ) : (
              <>
                {t("not_before")} <Instant at={line.may_call_at} zone={line.zone} />
              </>
            )}
          </Tag>
          <span className="calls-quiet">
            {t("hours", { opens: line.opens, closes: line.closes, zone: offsetOf(line.zone, line.may_call_at) })}
          </span>
          <span className="calls-quiet">{t("calls_today", { count: line.calls_today })}</span>
          <span className="calls-quiet">
            {t("attempt", { number: line.attempts + 1, of: line.attempts + line.attempts_left })}
          </span>
          <span className="calls-quiet">{t("limit")}</span>
          <Countdown due={line.due_at} zone={line.zone} />
        </div>
        <Callee line={line} may={may && open} />
      </header>
      <div className="calls-two">
        <Answer of={events}>
          {(found) => {
            const replied = found.findLast((one) => one.type === "ReplySubmitted" || one.type === "OrderAnswered");
            return (
              <Script
                reply={line.expiry ? "" : words(replied?.data.done ?? replied?.data.answer)}
                complaint={words(found[0]?.data.text)}
                asked={question(line, said)}
                sad={unhappy(said)}
                agent={names.of(me)}
                expiry={line.expiry}
              />
            );
          }}
        </Answer>
        <Outcome
          line={line}
          open={open}
          may={may}
          there={there}
          said={said}
          onSaid={setSaid}
          onDone={onDone}
          onNext={onNext}
        />
      </div>
    </article>
  );
}
