import { CloseOutlined } from "@ant-design/icons";
import { useQueries } from "@tanstack/react-query";
import { Button, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/kit/api";
import type { OrderLine } from "@/kit/orderPages";
import { useMe } from "@/kit/session";
import { BulkDialog } from "./BulkDialog";
import { FIELDS } from "./BulkFields";

const NO_SIGHT = ["auditor"];

/** What may be done with all the chosen orders at once: only what the role may do in the state of every one. */
export function Bulk({ chosen, onDone }: { chosen: readonly OrderLine[]; onDone: () => void }) {
  const { t } = useTranslation(["desk", "verbs"]);
  const me = useMe();
  const [verb, setVerb] = useState("");
  const oneOfEach = [...new Map(chosen.map((line) => [line.state, line.order_id])).entries()];
  const views = useQueries({
    queries: oneOfEach.map(([state, id]) => ({
      queryKey: ["allowed", state],
      queryFn: async () =>
        (await data(api.GET("/v1/orders/{order_id}", { params: { path: { order_id: id } } }))).allowed,
      staleTime: Infinity,
    })),
  });
  if (!chosen.length) return null;
  const known = views.every((view) => view.data);
  const verbs = Object.keys(FIELDS).filter((name) =>
    name === "follow" || name === "unfollow"
      ? !NO_SIGHT.includes(me.role)
      : known && views.every((view) => view.data?.[me.role]?.includes(name)),
  );
  return (
    <section className="desk-bulk no-print" aria-label={t("bulk.title")}>
      <strong role="status">{t("bulk.chosen", { count: chosen.length })}</strong>
      <Space wrap size={6}>
        {verbs.map((name) => (
          <Button key={name} size="small" onClick={() => setVerb(name)}>
            {FIELDS[name]?.own ? t(`bulk.${name}`) : t(`verbs:verb.${name}.label`)}
          </Button>
        ))}
        <Button size="small" type="text" icon={<CloseOutlined />} onClick={onDone}>
          {t("bulk.clear")}
        </Button>
      </Space>
      {verb && (
        <BulkDialog
          verb={verb}
          lines={chosen}
          onClose={(finished) => {
            setVerb("");
            if (finished) onDone();
          }}
        />
      )}
    </section>
  );
}
