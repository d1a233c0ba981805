import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Drawer, Form } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/kit/api";
import type { Problem } from "@/kit/problem";
import { Failed } from "@/kit/states";
import { EntryControl } from "./EntryControl";
import {
  documentOf,
  entryOf,
  fieldOf,
  moved,
  type EntryField,
  type EntryRow,
  type EntrySection,
  type Moved,
} from "./entries";
import { Unsaved } from "./Unsaved";

export interface EntryDrawerProps {
  section: EntrySection;
  title: string;
  /** What is there now; null for a new entry. */
  row: EntryRow | null;
  /** What a new entry begins with. */
  begin?: EntryRow;
  fields: readonly EntryField[];
  onClose: () => void;
}

/** One entry of the organisation: changed, checked against everything else, shown as it will be, then saved. */
export function EntryDrawer({ section, title, row, begin, fields, onClose }: EntryDrawerProps) {
  const { t } = useTranslation(["admin", "kit"]);
  const { message, modal } = App.useApp();
  const queries = useQueryClient();
  const [form] = Form.useForm<EntryRow>();
  const [dirty, setDirty] = useState(false);
  const [checked, setChecked] = useState<Moved[] | null>(null);
  const asked = fields.filter((field) => !(row && field.fixed));
  const id = row ? String(row["id"]) : "";

  const load = useMutation<unknown, Problem, { moves: Moved[]; dryRun: boolean }>({
    mutationFn: ({ moves, dryRun }) =>
      data(api.PUT("/v1/directory", { body: documentOf(section, entryOf(moves, id), dryRun) })),
    onSuccess: async (_, { moves, dryRun }) => {
      if (dryRun) {
        setChecked(moves);
        return;
      }
      await Promise.all(
        [["units"], ["people"], ["catalogue"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
      );
      void message.success(t("entry.saved"));
      onClose();
    },
    onError: (problem) => {
      setChecked(null);
      const zh = document.documentElement.lang.startsWith("zh");
      for (const one of problem.body.errors ?? [])
        form.setFields([
          {
            name: fieldOf(one["field"] ?? ""),
            errors: [
              zh
                ? `${one["message_zh"] ?? ""}：${one["remedy_zh"] ?? ""}`
                : `${one["message"] ?? ""}: ${one["remedy"] ?? ""}`,
            ],
          },
        ]);
    },
  });

  const check = async () => {
    const values = await form.validateFields().catch(() => null);
    if (!values) return;
    const moves = moved(asked, row ?? {}, values);
    if (moves.length) load.mutate({ moves, dryRun: true });
    else void message.info(t("entry.same"));
  };
  const close = () => {
    if (!dirty) onClose();
    else
      modal.confirm({
        title: t("unsaved.title"),
        content: t("unsaved.text"),
        okText: t("unsaved.leave"),
        cancelText: t("unsaved.stay"),
        onOk: onClose,
      });
  };
  return (
    <Drawer
      open
      title={title}
      size={480}
      onClose={close}
      destroyOnHidden
      footer={
        <div className="admin-foot">
          <Button onClick={close}>{t("kit:cancel")}</Button>
          {checked ? (
            <Button
              type="primary"
              loading={load.isPending}
              onClick={() => load.mutate({ moves: checked, dryRun: false })}
            >
              {t("entry.save")}
            </Button>
          ) : (
            <Button type="primary" loading={load.isPending} onClick={() => void check()}>
              {t("entry.check")}
            </Button>
          )}
        </div>
      }
    >
      <Unsaved when={dirty && !load.isSuccess} />
      {load.error && <Failed error={load.error} />}
      <Form
        form={form}
        layout="vertical"
        initialValues={row ?? begin ?? {}}
        onValuesChange={() => {
          setDirty(true);
          setChecked(null);
        }}
      >
        {asked.map((field) => (
          <EntryControl key={field.name} field={field} />
        ))}
      </Form>
      {checked && (
        <Alert
          type="info"
          showIcon
          title={t("entry.will")}
          description={
            <ul className="admin-moves">
              {checked.map((one) => (
                <Move key={one.name} of={one} fields={asked} />
              ))}
            </ul>
          }
        />
      )}
    </Drawer>
  );
}

function Move({ of, fields }: { of: Moved; fields: readonly EntryField[] }) {
  const { t } = useTranslation(["admin", "kit"]);
  const options = fields.find((field) => field.name === of.name)?.options ?? [];
  const said = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(said).join(", ") || "–";
    if (typeof value === "boolean") return t(value ? "kit:yes" : "kit:no");
    const text = String(value ?? "");
    return options.find((one) => one.value === text)?.label || text || "–";
  };
  return (
    <li>
      <b>{t(`field.${of.name}`)}</b>: {said(of.before)} → {said(of.after)}
    </li>
  );
}
