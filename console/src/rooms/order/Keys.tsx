import { Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useKeys } from "@/kit/keys";

/** One key for what is often wanted on this page; `?` lists them. */
export function Keys({ on }: { on: Record<string, () => void> }) {
  const { t } = useTranslation("order");
  const [shown, setShown] = useState(false);
  useKeys({ ...on, "?": () => setShown(true) });
  return (
    <Modal open={shown} title={t("keys.heading")} footer={null} onCancel={() => setShown(false)} destroyOnHidden>
      <dl className="keys">
        {[...Object.keys(on), "?"].map((name) => (
          <div key={name}>
            <dt>
              <kbd>{name}</kbd>
            </dt>
            <dd>{t(`keys.${name}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
