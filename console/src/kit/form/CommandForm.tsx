import { App, Button, Form, Space, Typography } from "antd";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Command, type CommandAnswer, type OrderView, useCommand } from "../command";
import { useCatalogue, useNames } from "../names";
import { useEvents } from "../order";
import { useMe } from "../session";
import { useChoices } from "./choices";
import { Field } from "./Field";
import { fieldsNow, mustFill, type Values } from "./fields";
import { bodyOf, presets } from "./presets";
import { Refused } from "./Refused";
import { Since } from "./Since";
import "./form.css";

/** What was typed and not sent: it outlives the form's closing, never the page. */
const drafts = new Map<string, Values>();
/** Words that decide on nothing: they are good whatever has happened meanwhile. */
const WHATEVER = ["note", "urge"];
/** What time brings about without changing what may be done. */
const QUIET = ["ClockWarned"];

export interface CommandFormProps {
  view: OrderView;
  verb: string;
  /** What the form begins with, beside what the order says. */
  given?: Values;
  onDone: (answer: CommandAnswer) => void;
  onCancel?: () => void;
}

/**
 * The form of any verb on an order, from the table of forms. It is sent for the order as the user has seen it; refused,
 * it says why, shows what happened meanwhile, and keeps what was typed.
 */
export function CommandForm({ view, verb, given, onDone, onCancel }: CommandFormProps) {
  const { t } = useTranslation("verbs");
  const { message } = App.useApp();
  const me = useMe();
  const names = useNames();
  const order = view.order;
  const catalogue = useCatalogue().data;
  const zone = names.zone(me.unit || order.province);
  const kept = `${me.id}/${me.actingFor}/${order.id}/${verb}`;
  const [form] = Form.useForm<Values>();
  const [seen, setSeen] = useState(order.seq);
  const [opened] = useState(() => new Date().toISOString());
  const [sent, setSent] = useState<Command | null>(null);
  const command = useCommand();
  const choices = useChoices(order, verb, me);
  // What the form began with stays, whatever happens to the order meanwhile.
  const [begun] = useState(order);
  const first = useMemo(
    () => ({ ...presets(verb, begun, me, opened, catalogue ?? []), ...given, ...drafts.get(kept) }),
    [verb, begun, me, opened, catalogue, given, kept],
  );
  useEffect(() => {
    for (const [name, value] of Object.entries(first)) if (!form.isFieldTouched(name)) form.setFieldValue(name, value);
  }, [first, form]);
  const values: Values = { ...first, ...(Form.useWatch([], form) as Values | undefined) };
  const events = useEvents(order.id);
  const since = (events.data ?? []).filter((event) => event.seq > seen);
  const news = command.isPending || command.isSuccess ? [] : since;
  const told = news.filter((event) => !QUIET.includes(event.type)).length;
  // Where there is nothing new to be shown, the order has been seen as it is.
  const upToDate = !told && !events.isFetching && (news.length > 0 || command.error?.code === "stale_order");
  const based = upToDate ? order.seq : seen;

  const send = (asked: Command) => {
    setSent(asked);
    command.mutate(asked, {
      onSuccess: (answer) => {
        drafts.delete(kept);
        void message.success(t(`verb.${verb}.done`));
        onDone(answer);
      },
      onError: (problem) => {
        const blamed = [...(problem.body.errors ?? []), { field: problem.body.field ?? "" }];
        const mine = fieldsNow(verb, values).map((field) => field.name);
        for (const { field } of blamed) {
          const name = mine.find((one) => field === one || field?.startsWith(`${one}.`));
          if (name) form.setFields([{ name, errors: [t(`refusal_field.${name}`, t("refusal.invalid_field"))] }]);
        }
      },
    });
  };
  const submit = () =>
    send({ orderId: order.id, verb, body: bodyOf(verb, values), ...(WHATEVER.includes(verb) ? {} : { seq: based }) });
  const problem = command.error;
  const look = () => {
    setSeen(order.seq);
    command.reset();
  };
  const asked = fieldsNow(verb, values);
  /** Sends from any field; before an open list takes the Enter for a choice. */
  const byKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat && !command.isPending) form.submit();
  };
  return (
    <Form<Values>
      form={form}
      layout="vertical"
      name={verb}
      className="command"
      initialValues={first}
      onValuesChange={(_, all) => drafts.set(kept, all)}
      onFinish={submit}
      onKeyDownCapture={byKey}
      scrollToFirstError={{ focus: true }}
    >
      <Typography.Paragraph type="secondary">{t(`verb.${verb}.help`)}</Typography.Paragraph>
      {asked.map((field) => (
        <Field
          key={field.name}
          verb={verb}
          field={field}
          options={choices.of(field.widget, String(values.whistle ?? ""))}
          zone={zone}
          required={mustFill(field, values)}
        />
      ))}
      {problem && (
        <Refused
          problem={problem}
          state={order.state}
          zone={zone}
          pending={command.isPending}
          {...(problem.again && sent && { again: () => send(sent) })}
        />
      )}
      <Since events={told ? news : []} order={order} zone={zone} onSeen={look} />
      <Space className="spaced">
        <Button type="primary" htmlType="submit" loading={command.isPending} aria-keyshortcuts="Control+Enter">
          {t(`verb.${verb}.label`)}
        </Button>
        {onCancel && <Button onClick={onCancel}>{t("word.back")}</Button>}
      </Space>
    </Form>
  );
}
