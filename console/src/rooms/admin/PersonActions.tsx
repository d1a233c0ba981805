import { MoreOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { Alert, App, Button, Dropdown, Modal, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { send, type Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";
import { problemOf, type Problem } from "@/kit/problem";
import { useMe } from "@/kit/session";
import { Instant } from "@/kit/time";
import { AbsenceForm } from "./AbsenceForm";
import type { Person } from "./People";
import { useMay } from "./rights";

type Deed = "reset" | "unlock" | "logout";

/** What an administrator may do for somebody: his entry, his password, his lock, his log-ins, his absence. */
export function PersonActions({ person, onEdit }: { person: Person; onEdit: () => void }) {
  const { t } = useTranslation(["admin", "kit"]);
  const { message, modal } = App.useApp();
  const names = useNames();
  const me = useMe();
  const may = useMay();
  const [password, setPassword] = useState<Schemas["OneTime"] | null>(null);
  const [absence, setAbsence] = useState(false);
  const name = names.of(person);
  const done = useMutation<Schemas["OneTime"] & { unlocked?: boolean; ended?: number }, Problem, Deed>({
    mutationFn: (deed) => send("POST", `/v1/accounts/${encodeURIComponent(person.id)}/${deed}`),
    onSuccess: (answer, deed) => {
      if (deed === "reset") setPassword(answer);
      else if (deed === "unlock") void message.success(t(answer.unlocked ? "people.unlocked" : "people.not_locked"));
      else void message.success(t("people.logged_out", { count: answer.ended ?? 0 }));
    },
    onError: (error) => {
      const problem = problemOf(error);
      void message.error(`${problem.title}: ${problem.body.detail ?? problem.code}`);
    },
  });
  const ask = (deed: Deed) =>
    modal.confirm({
      title: t(`people.${deed}_of`, { name }),
      content: t(`people.${deed}_means`),
      okText: t(`people.${deed}`),
      cancelText: t("kit:cancel"),
      onOk: () => done.mutateAsync(deed).catch(() => undefined),
    });
  const items = [
    ...(may("directory") ? [{ key: "edit", label: t("people.edit"), onClick: onEdit }] : []),
    ...(may("accounts")
      ? (["reset", "unlock", "logout"] as const)
          .filter((deed) => deed !== "reset" || person.id !== me.id)
          .map((deed) => ({ key: deed, label: t(`people.${deed}`), onClick: () => ask(deed) }))
      : []),
    ...(may("absences") ? [{ key: "absence", label: t("absence.title"), onClick: () => setAbsence(true) }] : []),
  ];
  if (!items.length) return <span aria-hidden>–</span>;
  return (
    <>
      <Dropdown trigger={["click"]} menu={{ items }}>
        <Button size="small" icon={<MoreOutlined />} aria-label={t("people.deeds_of", { name })} />
      </Dropdown>
      {absence && <AbsenceForm person={person} onClose={() => setAbsence(false)} />}
      <Modal
        open={password !== null}
        title={t("people.password_of", { name })}
        onCancel={() => setPassword(null)}
        footer={<Button onClick={() => setPassword(null)}>{t("kit:close")}</Button>}
      >
        <Alert type="warning" showIcon title={t("people.once")} className="spaced" />
        <Typography.Paragraph copyable code data-testid="one-time">
          {password?.password}
        </Typography.Paragraph>
        <p>
          {t("people.good_until")} <Instant at={password?.good_until} />
        </p>
      </Modal>
    </>
  );
}
