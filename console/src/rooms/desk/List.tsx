import { PlusOutlined, QuestionCircleOutlined } from "@ant-design/icons";
import { Button, Segmented } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { TAKES } from "@/kit/lists";
import { OrdersTable, type OrderLine } from "@/kit/OrdersTable";
import { Page } from "@/kit/Page";
import { useKeys } from "@/kit/keys";
import { useMe } from "@/kit/session";
import { Bulk } from "./Bulk";
import { Filters } from "./Filters";
import { useAddress } from "./filters";
import { Help } from "./Help";
import { Views } from "./Views";

/** Orders that may be chosen at once. */
export const MOST_CHOSEN = 50;

/** The orders that one follows, or all that one sees. */
export function List() {
  const { t } = useTranslation("desk");
  const me = useMe();
  const go = useNavigate();
  const address = useAddress();
  const [customer, setCustomer] = useState("");
  const [chosen, setChosen] = useState<OrderLine[]>([]);
  const [help, setHelp] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const takes = TAKES.includes(me.role);
  useKeys({
    "/": () => search.current?.focus(),
    "?": () => setHelp(true),
    ...(takes && { n: () => void go("/desk/new") }),
    Escape: () => setChosen([]),
  });
  return (
    <Page
      title={t("title")}
      actions={
        <>
          <Segmented
            value={address.mine ? "mine" : "all"}
            options={[
              { value: "mine", label: t("mine") },
              { value: "all", label: t("all") },
            ]}
            onChange={(scope) => address.change({ scope })}
            aria-label={t("scope")}
          />
          <Views address={address} />
          <Button icon={<QuestionCircleOutlined />} aria-label={t("keys.title")} onClick={() => setHelp(true)} />
          {takes && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => void go("/desk/new")}>
              {t("new")}
            </Button>
          )}
        </>
      }
    >
      <Filters address={address} customer={customer} onCustomer={setCustomer} search={search} />
      <Bulk chosen={chosen} onDone={() => setChosen([])} />
      <OrdersTable
        filters={address.filters}
        customer={customer}
        {...(address.columns && { columns: address.columns })}
        selected={chosen.map((line) => line.order_id)}
        onSelect={(lines) => setChosen(lines.slice(0, MOST_CHOSEN))}
        empty={address.mine && !customer ? t("empty.mine") : t("empty.all")}
      />
      <Help open={help} onClose={() => setHelp(false)} takes={takes} />
    </Page>
  );
}
