import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "@/kit/Page";
import { send } from "@/kit/api";
import { type CommandAnswer, newKey } from "@/kit/command";
import { useKeys } from "@/kit/keys";
import type { Problem } from "@/kit/problem";
import { Failed } from "@/kit/states";
import { Before } from "./Before";
import { bodyOf, type Field, fieldOf, missing, untouched, useDraft } from "./draft";
import { DueWhen } from "./DueWhen";
import { useQueue } from "./files";
import { Form, focusOn } from "./Form";
import { Sent } from "./Sent";

/** Taking a complaint: by keys alone from the number to the sending, with what was said before and what is due beside it. */
export function NewOrder() {
  const { t } = useTranslation("desk");
  const queries = useQueryClient();
  const { draft, change, anew } = useDraft();
  const queue = useQueue();
  const [answer, setAnswer] = useState<CommandAnswer>();
  const [checked, setChecked] = useState(false);
  const onItsWay = useRef(false);
  const sending = useMutation<CommandAnswer, Problem>({
    mutationFn: () => send("POST", "/v1/orders", bodyOf(draft), { "Idempotency-Key": draft.key }),
    onSuccess: (found) => {
      setAnswer(found);
      setChecked(false);
      anew();
      void queue.sendAll(found.order.id);
      void queries.invalidateQueries({ queryKey: ["orders"] });
    },
    onError: (problem) => {
      // A refusal is kept under its key; what is corrected is another request. While nobody knows the outcome it is the same.
      if (!problem.again) change({ key: newKey() });
      if (problem.body.field) focusOn(fieldOf(problem.body.field));
    },
    onSettled: () => {
      onItsWay.current = false;
    },
  });
  const unknown = Boolean(sending.error?.again);
  const go = () => {
    if (answer || onItsWay.current) return;
    setChecked(true);
    const [first] = missing(draft);
    if (first) return focusOn(first);
    onItsWay.current = true;
    sending.mutate();
  };
  useKeys({ "ctrl+Enter": go });
  const another = () => {
    sending.reset();
    queue.clear();
    setAnswer(undefined);
    anew();
    requestAnimationFrame(() => focusOn("phone"));
  };
  if (answer)
    return (
      <Page title={t("newTitle")}>
        <Sent answer={answer} queue={queue} onAnother={another} />
      </Page>
    );
  const wrong = problems(sending.error);
  for (const field of checked ? missing(draft) : []) wrong[field] ??= t("form.required");
  return (
    <Page title={t("newTitle")} actions={!untouched(draft) && <Button onClick={another}>{t("form.clear")}</Button>}>
      <div className="desk-new">
        <div>
          {sending.error && <Failed error={sending.error} />}
          {unknown && <p role="status">{t("form.unknown")}</p>}
          <Form draft={draft} change={change} queue={queue} wrong={wrong} disabled={sending.isPending || unknown} />
        </div>
        <aside className="desk-beside">
          <Before draft={draft} onInstead={anew} />
          <DueWhen draft={draft} />
        </aside>
        <Button type="primary" size="large" block loading={sending.isPending} onClick={go} className="desk-send">
          {unknown ? t("form.again") : t("form.send")}{" "}
          <span className="desk-keyed">
            <kbd>Ctrl</kbd> <kbd>Enter</kbd>
          </span>
        </Button>
      </div>
    </Page>
  );
}

/** What the server said of each field. */
function problems(error: Problem | null): Partial<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {};
  if (!error) return found;
  for (const { field, message } of (error.body.errors ?? []) as { field?: string; message?: string }[])
    if (field) found[fieldOf(field)] = message ?? error.title;
  if (error.body.field) found[fieldOf(error.body.field)] ??= error.body.detail ?? error.title;
  return found;
}
