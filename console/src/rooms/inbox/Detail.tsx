import { Alert, Button, Drawer, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { CommandForm } from "@/kit/form/CommandForm";
import { whistleWaits } from "@/kit/form/readiness";
import { useLabels } from "@/kit/labels";
import { useNames } from "@/kit/names";
import { useOrder } from "@/kit/order";
import { useMe } from "@/kit/session";
import { Answer, Failed } from "@/kit/states";
import { LevelTag, StateTag } from "@/kit/tags";
import { Instant } from "@/kit/time";
import { useNarrow } from "@/kit/useNarrow";
import { Complaint } from "./Complaint";
import { Earlier } from "./Earlier";
import { Joint } from "./Joint";
import { ReplyForm } from "./ReplyForm";
import { ReturnForm } from "./ReturnForm";
import { Due } from "./Row";
import { Said } from "./Said";
import { atOnce, type Task, type Way } from "./tasks";
import type { Deed, Does } from "./useDeeds";

export interface DetailProps {
  task: Task | undefined;
  orderId: string;
  deed: Deed | undefined;
  does: Does;
  myself: string;
  name: (person: string) => string;
  onClose: () => void;
}

/** One entry in full: what is owed, what the customer says, how far the others are, and the form of what is done next. */
export function Detail({ task, orderId, deed, does, myself, name, onClose }: DetailProps) {
  const { t } = useTranslation(["inbox", "kit"]);
  const narrow = useNarrow();
  return (
    <Drawer
      open
      onClose={onClose}
      size={narrow ? window.innerWidth : 820}
      title={<span className="inbox-number">{orderId}</span>}
      extra={
        <Link to={`/orders/${orderId}`}>
          <Button tabIndex={-1}>{t("whole_order")}</Button>
        </Link>
      }
    >
      {task ? (
        <Content task={task} deed={deed} does={does} myself={myself} name={name} />
      ) : (
        <Alert
          type="info"
          showIcon
          title={t("gone")}
          description={<Link to={`/orders/${orderId}`}>{t("whole_order")}</Link>}
        />
      )}
    </Drawer>
  );
}

function Content({
  task,
  deed,
  does,
  myself,
  name,
}: Omit<DetailProps, "task" | "orderId" | "onClose"> & { task: Task }) {
  const { t } = useTranslation(["inbox", "verbs"]);
  const me = useMe();
  const names = useNames();
  const labels = useLabels();
  const zone = names.zone(me.unit);
  const view = useOrder(task.order_id);
  const [asked, setAsked] = useSearchParams();
  const [refusal, setRefusal] = useState(true);
  const verb = asked.get("do") ?? "";
  const way = task.ways.find((one) => one.verb === verb && !one.code);
  /** Of an open whistle the order itself tells what is missing. */
  const why = (one: Way) => {
    const waits = one.code === "whistle_open" && view.data ? whistleWaits(view.data.order) : "";
    return t(waits ? `verbs:not_now.${waits}` : `verbs:refusal.${one.code}`);
  };
  const choose = (next: string) => {
    setRefusal(false);
    setAsked(next ? { do: next } : {}, { replace: true });
  };
  return (
    <>
      <h2 className="inbox-heading">{task.title}</h2>
      <div className="inbox-facts">
        <StateTag state={task.state} />
        <LevelTag level={task.level} />
        <Tag>{labels.of("categories", task.category)}</Tag>
        <span className="inbox-quiet">
          {t("registered")} <Instant at={task.registered_at} zone={zone} /> · {t("hop", { hop: task.hop })}
        </span>
        {task.designated && <Tag color="purple">{t("verbs:not_now.designated")}</Tag>}
        {task.holders.length > 0 && (
          <span className="inbox-quiet">{t("held_by", { people: task.holders.map(name).join(t("comma")) })}</span>
        )}
      </div>
      <ul className="inbox-owed inbox-section" aria-label={t("owed")}>
        {task.owed.length === 0 && <li className="inbox-quiet">{t("nothing_owed")}</li>}
        {task.owed.map((owed) => (
          <Due key={owed.verb + owed.kind} owed={owed} zone={zone} />
        ))}
      </ul>
      <section className="inbox-section" aria-label={t("ways")}>
        <h3>{t("ways")}</h3>
        <div className="inbox-ways">
          {task.ways.map((one) => {
            const direct = atOnce(task, one.verb);
            return (
              <Button
                key={one.verb}
                type={one.verb === verb ? "primary" : "default"}
                disabled={one.code !== ""}
                aria-describedby={one.code ? `why-${one.verb}` : undefined}
                aria-expanded={direct ? undefined : one.verb === verb}
                onClick={() => {
                  if (direct) void does(task, one.verb, direct).then(() => setRefusal(true));
                  else choose(one.verb === verb ? "" : one.verb);
                }}
              >
                {t(`verbs:verb.${one.verb}.label`)}
              </Button>
            );
          })}
        </div>
        {task.ways
          .filter((one) => one.code)
          .map((one) => (
            <p key={one.verb} id={`why-${one.verb}`} className="inbox-quiet inbox-why">
              {t("why_not", { verb: t(`verbs:verb.${one.verb}.label`), why: why(one) })}
            </p>
          ))}
        {refusal && <Said deed={deed} state={task.state} zone={zone} />}
        {way && (
          <Answer of={view}>
            {(order) => (
              <div className="inbox-form" key={verb}>
                {verb === "reply" && <ReplyForm view={order} task={task} zone={zone} onDone={() => choose("")} />}
                {verb === "request_return" && (
                  <ReturnForm view={order} until={way.until ?? null} zone={zone} onDone={() => choose("")} />
                )}
                {verb !== "reply" && verb !== "request_return" && (
                  <>
                    {way.until && (
                      <p>
                        {t("latest")} <Instant at={way.until} zone={zone} />
                      </p>
                    )}
                    <CommandForm
                      view={order}
                      verb={verb}
                      {...(verb === "report_in" && { given: { who: myself } })}
                      onDone={() => choose("")}
                      onCancel={() => choose("")}
                    />
                  </>
                )}
              </div>
            )}
          </Answer>
        )}
      </section>
      <Joint task={task} zone={zone} />
      {view.error ? <Failed error={view.error} /> : null}
      <Complaint task={task} />
      <Earlier orderId={task.order_id} zone={zone} />
    </>
  );
}
