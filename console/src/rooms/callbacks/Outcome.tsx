import { Alert, Button, Input } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type CommandAnswer, useCommand } from "@/kit/command";
import { Refused } from "@/kit/form/Refused";
import { useKeys } from "@/kit/keys";
import { AboutTo } from "./AboutTo";
import {
  type Answers,
  answered,
  back,
  NOTHING,
  question,
  type Question,
  questions,
  reached,
  SATISFACTION,
  unhappy,
} from "./outcome";
import type { CallLine } from "./queue";

/** Milliseconds in which a slip of the hand can still be taken back: what is recorded stays for good. */
const GRACE = 3000;

export interface OutcomeProps {
  line: CallLine;
  open: boolean;
  may: boolean;
  there: boolean;
  said: Answers;
  onSaid: (said: Answers) => void;
  onDone: (answer: CommandAnswer, line: CallLine) => void;
  onNext: () => void;
}

type Body = Record<string, unknown>;

/** The outcome in three clicks or keys; why, where the customer is not content; no answer, or no wish to answer. */
export function Outcome({ line, open, may, there, said, onSaid, onDone, onNext }: OutcomeProps) {
  const { t } = useTranslation(["callbacks", "verbs"]);
  const command = useCommand();
  const [why, setWhy] = useState("");
  const [refusing, setRefusing] = useState(false);
  const [pending, setPending] = useState<Body | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const asked = question(line, said);
  const sad = unhappy(said);
  const busy = command.isPending || command.isSuccess;
  const on = may && open && !busy && !pending;
  const needsWhy = refusing || (!asked && sad);

  const record = (body: Body) => {
    setPending(null);
    command.mutate(
      { orderId: line.order_id, verb: "record_callback", body },
      { onSuccess: (answer) => onDone(answer, line) },
    );
  };
  const latest = useRef(record);
  useEffect(() => {
    latest.current = record;
  });
  useEffect(() => {
    if (!pending) return undefined;
    const timer = setTimeout(() => latest.current(pending), GRACE);
    return () => clearTimeout(timer);
  }, [pending]);
  useEffect(() => {
    if (needsWhy) field.current?.focus();
  }, [needsWhy]);

  const answer = (number: number) => {
    const now = answered(line, said, number);
    onSaid(now);
    if (!question(line, now) && !unhappy(now)) setPending(reached(now, why));
  };
  const undo = () => {
    if (pending?.result === "reached") onSaid(back(line, said));
    setPending(null);
  };
  const again = () => {
    setRefusing(false);
    command.reset();
    onSaid(NOTHING);
  };
  const withWhy = () => {
    if (why.trim()) record(refusing ? { result: "refused", why: why.trim() } : reached(said, why));
  };
  useKeys(
    {
      1: () => answer(1),
      2: () => answer(2),
      3: () => answer(3),
      0: () => setPending({ result: "no_answer" }),
      9: () => setRefusing(true),
      Backspace: () => onSaid(back(line, said)),
    },
    on && !needsWhy,
  );
  useKeys({ Escape: undo, Enter: () => pending && record(pending) }, pending !== null);
  useKeys({ "ctrl+Enter": withWhy }, on && needsWhy);

  const called = (one: Question, value: string | boolean) =>
    typeof value === "string"
      ? t(`verbs:satisfaction.${value}`)
      : t(`verbs:choice.record_callback.${one}.${value ? "yes" : "no"}`);
  const told = (one: Question, value: string | boolean) =>
    typeof value === "string" ? called(one, value) : t(`outcome.said.${one}_${value ? "yes" : "no"}`);
  const summary = (body: Body): string[] =>
    body.result === "no_answer"
      ? [t("outcome.no_answer")]
      : questions(line).flatMap((one) => (said[one] === null ? [] : [told(one, said[one])]));

  if (!may && there) return <Alert type="info" showIcon title={t("only_agents")} />;
  return (
    <section className="calls-outcome" aria-label={t("outcome.title")}>
      <h2>{t("outcome.title")}</h2>
      {!there && !command.isSuccess && (
        <Alert
          type="warning"
          showIcon
          role="alert"
          title={t("taken")}
          action={<Button onClick={onNext}>{t("next")}</Button>}
        />
      )}
      {questions(line).map((one) => (
        <fieldset key={one} disabled={!on || (asked !== one && said[one] === null)} data-now={asked === one}>
          <legend>{t(`verbs:field.record_callback.${one}.label`)}</legend>
          <div className="calls-choices">
            {(one === "satisfaction" ? SATISFACTION : ([true, false] as const)).map((value, at) => (
              <Button
                key={String(value)}
                type={said[one] === value ? "primary" : "default"}
                aria-pressed={said[one] === value}
                aria-keyshortcuts={String(at + 1)}
                disabled={!on || refusing || asked !== one}
                onClick={() => answer(at + 1)}
              >
                <kbd aria-hidden>{said[one] === value ? "✓" : at + 1}</kbd> {called(one, value)}
              </Button>
            ))}
          </div>
        </fieldset>
      ))}
      <label htmlFor="why">{t(needsWhy ? "outcome.why_required" : "outcome.why")}</label>
      <Input.TextArea
        id="why"
        ref={(area) => {
          field.current = area?.resizableTextArea?.textArea ?? null;
        }}
        value={why}
        maxLength={2000}
        rows={3}
        disabled={!may || busy || !open}
        onChange={(event) => setWhy(event.target.value)}
      />
      {needsWhy && (
        <div className="calls-choices">
          <Button type="primary" disabled={!why.trim() || !on} loading={command.isPending} onClick={withWhy}>
            {t(refusing ? "outcome.record_refused" : "outcome.record")} <kbd aria-hidden>{t("outcome.ctrl_enter")}</kbd>
          </Button>
          <Button onClick={again}>{t("outcome.start_again")}</Button>
        </div>
      )}
      {!needsWhy && (
        <div className="calls-choices">
          <Button disabled={!on} aria-keyshortcuts="0" onClick={() => setPending({ result: "no_answer" })}>
            <kbd aria-hidden>0</kbd> {t("outcome.no_answer")}
          </Button>
          <Button disabled={!on} aria-keyshortcuts="9" onClick={() => setRefusing(true)}>
            <kbd aria-hidden>9</kbd> {t("outcome.refused")}
          </Button>
          <Button
            type="text"
            disabled={!on || said.contacted === null}
            aria-keyshortcuts="Backspace"
            onClick={() => onSaid(back(line, said))}
          >
            {t("outcome.back")}
          </Button>
        </div>
      )}
      <p className="calls-quiet">{t(line.attempts_left > 1 ? "outcome.then_again" : "outcome.then_sms")}</p>
      {pending && (
        <AboutTo said={summary(pending)} seconds={GRACE / 1000} onRecord={() => record(pending)} onUndo={undo} />
      )}
      {command.error && (
        <>
          <Refused
            problem={command.error}
            state={line.state}
            zone={line.zone}
            pending={command.isPending}
            {...(command.error.again && command.variables && { again: () => record(command.variables?.body ?? {}) })}
          />
          {!command.error.again && <Button onClick={again}>{t("outcome.start_again")}</Button>}
        </>
      )}
    </section>
  );
}
