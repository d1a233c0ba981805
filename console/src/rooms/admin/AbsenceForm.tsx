import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, send } from "@/kit/api";
import { instantOf, offsetOf } from "@/kit/form/instants";
import { useNames } from "@/kit/names";
import type { Problem } from "@/kit/problem";
import { Failed } from "@/kit/states";
import type { Person } from "./People";

interface Away {
  from: string;
  until?: string;
  substitute?: string;
}

/** Puts somebody down as away, with who stands in, or as back again. */
export function AbsenceForm({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation(["admin", "kit", "verbs"]);
  const { message } = App.useApp();
  const queries = useQueryClient();
  const names = useNames();
  const [form] = Form.useForm<Away>();
  const [opened] = useState(() => new Date().toISOString());
  const place = person.unit || person.province;
  const zone = names.zone(place);
  const path = `/v1/people/${encodeURIComponent(person.id)}/absence`;
  const near = useQuery({
    queryKey: ["people", place],
    queryFn: () => data(api.GET("/v1/people", { params: { query: { at: place } } })),
    enabled: place !== "",
  });
  const done = useMutation<unknown, Problem, Away | null>({
    mutationFn: (away) =>
      away
        ? send("PUT", path, {
            from: instantOf(away.from, zone),
            until: away.until ? instantOf(away.until, zone) : null,
            substitute: away.substitute ?? "",
          })
        : send("DELETE", path),
    onSuccess: async (_, away) => {
      await queries.invalidateQueries({ queryKey: ["people"] });
      void message.success(t(away ? "absence.saved" : "absence.ended"));
      onClose();
    },
  });
  return (
    <Modal
      open
      title={t("absence.of", { name: names.of(person) })}
      onCancel={onClose}
      footer={
        <div className="admin-foot">
          {person.away_from && (
            <Button danger loading={done.isPending} onClick={() => done.mutate(null)}>
              {t("absence.back")}
            </Button>
          )}
          <Button onClick={onClose}>{t("kit:cancel")}</Button>
          <Button type="primary" loading={done.isPending} onClick={() => form.submit()}>
            {t("absence.save")}
          </Button>
        </div>
      }
    >
      {done.error && <Failed error={done.error} />}
      <Form form={form} layout="vertical" onFinish={(away) => done.mutate(away)}>
        <Form.Item
          name="from"
          label={t("absence.from", { zone: offsetOf(zone, opened) })}
          rules={[{ required: true, message: t("kit:required") }]}
        >
          <Input type="datetime-local" />
        </Form.Item>
        <Form.Item name="until" label={t("absence.until")} extra={t("absence.until_help")}>
          <Input type="datetime-local" />
        </Form.Item>
        <Form.Item name="substitute" label={t("absence.substitute")} extra={t("absence.substitute_help")}>
          <Select
            allowClear
            showSearch={{ optionFilterProp: "label" }}
            options={(near.data ?? [])
              .filter((one) => one.id !== person.id)
              .map((one) => ({
                value: one.id,
                label: `${names.of(one)} · ${t(`verbs:role.${one.role}`)} (${one.id})`,
              }))}
          />
        </Form.Item>
      </Form>
    </Modal>
  );
}
