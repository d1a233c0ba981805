import { DownloadOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useTranslation } from "react-i18next";
import type { EventLine } from "@/kit/sentences";
import { eventsCsv, save } from "./exports";

/** What may be taken away of an order: its events as one is shown them, and its proof as it is stored. */
export function Export({ orderId, events }: { orderId: string; events: EventLine[] | undefined }) {
  const { t } = useTranslation("audit");
  const items = [
    {
      key: "json",
      label: t("export.json"),
      disabled: !events,
      onClick: () => save(`${orderId}.events.json`, "application/json", JSON.stringify(events, null, 2)),
    },
    {
      key: "csv",
      label: t("export.csv"),
      disabled: !events,
      onClick: () => save(`${orderId}.events.csv`, "text/csv;charset=utf-8", eventsCsv(events ?? [])),
    },
    {
      key: "proof",
      label: (
        <a href={`/v1/orders/${orderId}/proof`} download={`${orderId}.proof.json`}>
          {t("export.proof")}
        </a>
      ),
    },
  ];
  return (
    <Dropdown menu={{ items }} trigger={["click"]}>
      <Button icon={<DownloadOutlined />}>{t("export.title")}</Button>
    </Dropdown>
  );
}
