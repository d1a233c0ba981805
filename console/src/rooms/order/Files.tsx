import { DownloadOutlined, UploadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Input, Modal, Progress } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/kit/command";
import { ACCEPTED, type FileView, ofCustomer, saveFile, sendFile, useFiles } from "@/kit/files";
import { useNames } from "@/kit/names";
import { usePeople } from "@/kit/people";
import { problemOf, type Problem } from "@/kit/problem";
import type { Order } from "@/kit/sentences";
import { useMe } from "@/kit/session";
import { Answer, Failed } from "@/kit/states";
import { Instant } from "@/kit/time";
import { Grid } from "./Facts";
import { isUnit, may } from "./rights";

interface Sending {
  key: string;
  file: File;
  part: number;
  problem?: Problem;
}

const KB = 1024;
const size = (bytes: number): string =>
  bytes < KB * KB ? `${Math.max(1, Math.round(bytes / KB))} KB` : `${(bytes / KB / KB).toFixed(1)} MB`;

/** The documents of an order: sent with progress, listed, and given out. */
export function Files({ order, open }: { order: Order; open: boolean }) {
  const { t } = useTranslation(["order", "verbs"]);
  const { message } = App.useApp();
  const me = useMe();
  const names = useNames();
  const people = usePeople(order.province);
  const queries = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState<Sending[]>([]);
  const [asked, setAsked] = useState<FileView | null>(null);
  const [reason, setReason] = useState("");
  const files = useFiles(order.id);
  const change = (key: string, what: Partial<Sending>) =>
    setSending((all) => all.map((one) => (one.key === key ? { ...one, ...what } : one)));
  const line = useRef(Promise.resolve());
  const deliver = async ({ key, file }: Sending) => {
    try {
      await sendFile(order.id, file, key, (part) => change(key, { part }));
      setSending((all) => all.filter((one) => one.key !== key));
      void message.success(t("files.sent", { name: file.name }));
    } catch (error) {
      change(key, { problem: problemOf(error) });
    }
    await queries.invalidateQueries({ queryKey: ["order", order.id] });
  };
  /** One after another: the server takes in one document of a person at a time. */
  const send = (one: Sending) => void (line.current = line.current.then(() => deliver(one)));
  const chosen = (list: FileList | null) => {
    const begun = [...(list ?? [])].map((file) => ({ key: newKey(), file, part: 0 }));
    setSending((all) => [...all, ...begun]);
    begun.forEach(send);
    if (picker.current) picker.current.value = "";
  };
  const again = (one: Sending) => {
    // What was refused is another command; what nobody knows of is the same.
    const next = one.problem?.again
      ? { key: one.key, file: one.file, part: 0 }
      : { key: newKey(), file: one.file, part: 0 };
    setSending((all) => all.map((old) => (old.key === one.key ? next : old)));
    send(next);
  };
  const get = useMutation<void, unknown, FileView>({
    mutationFn: (file) => saveFile(order.id, file.id, file.name, reason),
    onSuccess: () => setAsked(null),
  });
  const wants = (file: FileView) => (isUnit(me.role) && ofCustomer(file) ? setAsked(file) : get.mutate(file));
  return (
    <>
      {may(me.role, "upload") && open && (
        <p>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            accept={ACCEPTED}
            aria-label={t("files.send")}
            data-testid="picker"
            onChange={(event) => chosen(event.target.files)}
          />
          <Button icon={<UploadOutlined aria-hidden />} onClick={() => picker.current?.click()}>
            {t("files.send")}
          </Button>{" "}
          <span className="quiet">{t("files.help")}</span>
        </p>
      )}
      {sending.map((one) => (
        <Alert
          key={one.key}
          className="spaced"
          type={one.problem ? "error" : "info"}
          title={one.problem ? `${one.file.name}: ${one.problem.title}` : t("files.sending", { name: one.file.name })}
          description={
            one.problem ? (
              <>
                {t(`verbs:refusal.${one.problem.code}`, "")} <small lang="en">{one.problem.body.detail}</small>
              </>
            ) : (
              <Progress percent={Math.round(one.part * 100)} aria-label={one.file.name} />
            )
          }
          action={one.problem && <Button onClick={() => again(one)}>{t("files.again")}</Button>}
        />
      ))}
      {get.error && !asked ? <Failed error={get.error} /> : null}
      <Answer of={{ ...files, data: files.data?.items }} empty={t("files.none")}>
        {(items) => (
          <Grid
            label={t("tab.files")}
            head={["name", "size", "by", "at", "get"].map((one) => t(`files.${one}`))}
            rows={items.map((file) => ({
              key: file.id,
              cells: [
                file.name,
                size(file.size),
                ofCustomer(file) ? t("verbs:role.customer") : people.name(file.by),
                <Instant key="at" at={file.at} zone={names.zone(order.province)} />,
                <Button
                  key="get"
                  size="small"
                  icon={<DownloadOutlined aria-hidden />}
                  aria-label={t("files.get_of", { name: file.name })}
                  onClick={() => wants(file)}
                >
                  {t("files.get")}
                </Button>,
              ],
            }))}
          />
        )}
      </Answer>
      <Modal
        open={asked !== null}
        title={t("files.reason")}
        okText={t("files.get")}
        okButtonProps={{ disabled: !reason.trim() }}
        confirmLoading={get.isPending}
        onOk={() => asked && get.mutate(asked)}
        onCancel={() => setAsked(null)}
        destroyOnHidden
      >
        <Input
          aria-label={t("files.reason")}
          value={reason}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
        <p className="quiet">{t("files.reason_help")}</p>
        {get.error ? <Failed error={get.error} /> : null}
      </Modal>
    </>
  );
}
