import { Alert, Button, Checkbox, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PolicyRead } from "./PolicyEditor";
import { Changes } from "./PolicyFindings";

/** Puts a policy in force, after one has read what it changes. */
export function PublishPolicy({
  read,
  ready,
  busy,
  onPublish,
}: {
  read: PolicyRead | undefined;
  ready: boolean;
  busy: boolean;
  onPublish: () => void;
}) {
  const { t } = useTranslation(["admin", "kit"]);
  const [open, setOpen] = useState(false);
  const [sure, setSure] = useState(false);
  const version = String(read?.document["version"] ?? "");
  const close = () => {
    setOpen(false);
    setSure(false);
  };
  return (
    <>
      <Button type="primary" disabled={!ready} loading={busy} onClick={() => setOpen(true)}>
        {t("policy.publish")}
      </Button>
      <Modal
        open={open}
        width={720}
        title={t("policy.publish_of", { version })}
        okText={t("policy.publish")}
        cancelText={t("kit:cancel")}
        okButtonProps={{ disabled: !sure, loading: busy }}
        onCancel={close}
        onOk={() => {
          close();
          onPublish();
        }}
      >
        <Alert type="warning" showIcon title={t("policy.publish_means")} className="spaced" />
        <div role="group" aria-label={t("policy.changes_list")}>
          {read && <Changes of={read} />}
        </div>
        <Checkbox checked={sure} onChange={(event) => setSure(event.target.checked)}>
          {t("policy.sure")}
        </Checkbox>
      </Modal>
    </>
  );
}
