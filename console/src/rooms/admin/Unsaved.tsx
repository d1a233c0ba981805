import { Modal } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker } from "react-router";

/** Asks before changes that were not saved are left behind, by a link, the browser's back, or the window's end. */
export function Unsaved({ when }: { when: boolean }) {
  const { t } = useTranslation("admin");
  const blocker = useBlocker(({ currentLocation, nextLocation }) => when && currentLocation.key !== nextLocation.key);
  useEffect(() => {
    if (!when) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [when]);
  return (
    <Modal
      open={blocker.state === "blocked"}
      title={t("unsaved.title")}
      okText={t("unsaved.leave")}
      cancelText={t("unsaved.stay")}
      okButtonProps={{ danger: true }}
      onOk={() => blocker.proceed?.()}
      onCancel={() => blocker.reset?.()}
    >
      {t("unsaved.text")}
    </Modal>
  );
}
