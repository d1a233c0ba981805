import { CheckCircleFilled, ExclamationCircleOutlined, MinusCircleOutlined } from "@ant-design/icons";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type OrderView, useCommand } from "@/kit/command";
import { instantOf, offsetOf, wallClock } from "@/kit/form/instants";
import { Refused } from "@/kit/form/Refused";
import { ofCustomer, useFiles } from "@/kit/files";
import { usePeople } from "@/kit/people";
import { useMe } from "@/kit/session";
import { useNow } from "@/kit/time";
import { Evidence } from "./Evidence";
import type { Task } from "./tasks";

/** Characters below which an account of what was done hardly answers anything. */
const ENOUGH = 30;

interface Elements {
  received_at: string;
  spoke_to: string;
  done: string;
  done_by: string;
}

export interface ReplyFormProps {
  view: OrderView;
  task: Task;
  zone: string;
  onDone: () => void;
}

/** The reply with its four elements, and beside them what the audit will look at. */
export function ReplyForm({ view, task, zone, onDone }: ReplyFormProps) {
  const { t } = useTranslation(["inbox", "verbs"]);
  const me = useMe();
  const command = useCommand();
  const order = view.order;
  const [opened] = useState(() => new Date().toISOString());
  const [form] = Form.useForm<Elements>();
  const part = order.assignments.find((one) => one.id === task.subject && one.unit === me.unit);
  const first: Elements = {
    received_at: wallClock(part?.signed_at ?? task.since, zone),
    spoke_to: "",
    done: "",
    done_by: wallClock(opened, zone),
  };
  const now: Elements = { ...first, ...(Form.useWatch([], form) as Partial<Elements> | undefined) };
  const proofs = useEvidence(order);
  const present = wallClock(new Date(useNow()).toISOString(), zone);
  const since = wallClock(order.registered_at, zone);
  /** What the rules ask of the two times; both are typed to the minute. */
  const received = (at: string) => since <= at && at <= present;
  const ended = (at: string, after: string) => at >= after;
  const late = task.owed.some((owed) => owed.kind === "due" && owed.late);
  const checks: [name: string, met: boolean, must: boolean][] = [
    ["received_at", Boolean(now.received_at) && received(now.received_at), true],
    ["spoke_to", now.spoke_to.trim().length > 0, true],
    ["done", now.done.trim().length >= ENOUGH, false],
    ["done_by", Boolean(now.done_by) && ended(now.done_by, now.received_at), true],
    ["contact", Boolean(part?.contacted_at), false],
    ["evidence", proofs > 0, false],
    ["in_time", !late, false],
  ];
  const wrong = (name: string, right: (at: string) => boolean) => ({
    validator: (_: unknown, at: string) =>
      !at || right(at) ? Promise.resolve() : Promise.reject(new Error(t(`reply.wrong.${name}`))),
  });
  const missing = (name: string) => ({ required: true, whitespace: true, message: t(`reply.missing.${name}`) });
  return (
    <Form<Elements>
      form={form}
      layout="vertical"
      initialValues={first}
      scrollToFirstError={{ focus: true }}
      onFinish={(said) =>
        command.mutate(
          {
            orderId: order.id,
            verb: "reply",
            body: {
              ...said,
              received_at: instantOf(said.received_at, zone),
              done_by: instantOf(said.done_by, zone),
            },
          },
          { onSuccess: onDone },
        )
      }
    >
      <p>{t("reply.intro")}</p>
      <div className="inbox-two">
        <Form.Item
          name="received_at"
          label={t("reply.received_at")}
          rules={[missing("received_at"), wrong("received_at", received)]}
        >
          <Input type="datetime-local" suffix={offsetOf(zone, opened)} />
        </Form.Item>
        <Form.Item
          name="spoke_to"
          label={t("reply.spoke_to")}
          extra={t("reply.spoke_to_hint")}
          rules={[missing("spoke_to")]}
        >
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item name="done" label={t("reply.done")} extra={t("reply.done_hint")} rules={[missing("done")]}>
        <Input.TextArea rows={6} maxLength={4000} />
      </Form.Item>
      <Form.Item
        name="done_by"
        label={t("reply.done_by")}
        dependencies={["received_at"]}
        rules={[missing("done_by"), wrong("done_by", (at) => ended(at, form.getFieldValue("received_at") as string))]}
      >
        <Input type="datetime-local" suffix={offsetOf(zone, opened)} />
      </Form.Item>
      <Evidence orderId={order.id} count={proofs} />
      <h3>{t("reply.audit")}</h3>
      <ul className="inbox-check" aria-live="polite">
        {checks.map(([name, met, must]) => (
          <li key={name} data-check={name} data-met={met}>
            {met ? (
              <CheckCircleFilled style={{ color: "#237804" }} aria-hidden />
            ) : must ? (
              <MinusCircleOutlined style={{ color: "#a8071a" }} aria-hidden />
            ) : (
              <ExclamationCircleOutlined style={{ color: "#ad4e00" }} aria-hidden />
            )}{" "}
            {t(`reply.check.${name}`, { count: ENOUGH })}
            {" · "}
            <strong>{t(met ? "reply.met" : must ? "reply.must" : "reply.better")}</strong>
          </li>
        ))}
      </ul>
      {command.error && <Refused problem={command.error} state={order.state} zone={zone} />}
      <Button type="primary" htmlType="submit" loading={command.isPending} className="spaced">
        {t("verbs:verb.reply.label")}
      </Button>
    </Form>
  );
}

/** How many documents the units that have to do with the order have sent; what the customer or the desk sent proves no result. */
function useEvidence(order: OrderView["order"]): number {
  const { people } = usePeople(order.province);
  const files = useFiles(order.id).data?.items ?? [];
  const units = [
    ...order.assignments.filter((one) => one.role !== "copy").map((one) => one.unit),
    ...order.whistles.flatMap((whistle) => whistle.attendances.map((one) => one.unit)),
  ];
  const at = new Map(people.map((one) => [one.id, one.unit]));
  return files.filter((file) => !ofCustomer(file) && units.includes(at.get(file.by) ?? "")).length;
}
