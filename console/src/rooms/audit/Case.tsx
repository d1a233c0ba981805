import { PrinterOutlined } from "@ant-design/icons";
import { Button, Descriptions, Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useNames } from "@/kit/names";
import { useEvents, useOrder } from "@/kit/order";
import { Page } from "@/kit/Page";
import { Answer } from "@/kit/states";
import { ClassTag, LevelTag, StateTag } from "@/kit/tags";
import { Accesses } from "./Accesses";
import { Clocks } from "./Clocks";
import { Export } from "./Export";
import { History } from "./History";
import { ProofPanel } from "./ProofPanel";
import { Timeline } from "./Timeline";
import { useExact } from "./useExact";

const PARTS = { history: History, clocks: Clocks, accesses: Accesses, proof: ProofPanel } as const;
type Part = keyof typeof PARTS;

/** Everything about one order; `?tab=` names the part, `?seq=` the event, `?print` shows all parts at once. */
export function Case({ orderId }: { orderId: string }) {
  const { t } = useTranslation(["audit", "kit"]);
  const names = useNames();
  const order = useOrder(orderId);
  const events = useEvents(orderId);
  const [address, setAddress] = useSearchParams();
  const zone = names.zone(order.data?.order.province ?? "");
  const exact = useExact(zone);
  const printing = address.has("print");
  const asked = address.get("tab") as Part | null;
  const tab: Part = asked && asked in PARTS ? asked : "history";
  const put = (name: string, value: string | null) =>
    setAddress(
      (now) => {
        const next = new URLSearchParams(now);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const actions = printing ? (
    <>
      <Button type="primary" icon={<PrinterOutlined />} onClick={() => window.print()}>
        {t("kit:print")}
      </Button>
      <Button onClick={() => put("print", null)}>{t("case.screen")}</Button>
    </>
  ) : (
    <>
      <Link to={`/orders/${orderId}`}>{t("case.order")}</Link>
      <Button icon={<PrinterOutlined />} onClick={() => put("print", "1")}>
        {t("case.print")}
      </Button>
      <Export orderId={orderId} events={events.data} />
    </>
  );
  return (
    <Page title={t("case.title", { number: orderId })} actions={actions}>
      <Answer of={order}>
        {({ order: head }) => (
          <Answer of={events} empty={t("case.none")}>
            {(all) => (
              <>
                <Descriptions
                  size="small"
                  column={{ xs: 1, sm: 2, lg: 4 }}
                  className="audit-head"
                  items={[
                    { key: "title", label: t("verbs:datum.title"), children: head.title, span: "filled" },
                    {
                      key: "state",
                      label: t("case.today"),
                      children: (
                        <>
                          <StateTag state={head.state} />
                          <ClassTag of={head.order_class} />
                          <LevelTag level={head.level} />
                        </>
                      ),
                    },
                    { key: "province", label: t("verbs:datum.province"), children: names.unit(head.province) },
                    { key: "begun", label: t("case.registered"), children: exact(head.registered_at) },
                    { key: "count", label: t("case.events"), children: all.length },
                  ]}
                />
                {printing ? (
                  <>
                    <p>{t("case.printed", { at: exact(new Date().toISOString()), zone })}</p>
                    <section aria-label={t("tab.history")}>
                      <h2>{t("tab.history")}</h2>
                      <Timeline order={head} events={all} zone={zone} />
                    </section>
                    {(["clocks", "accesses", "proof"] as const).map((name) => {
                      const Shown = PARTS[name];
                      return (
                        <section key={name} aria-label={t(`tab.${name}`)}>
                          <h2>{t(`tab.${name}`)}</h2>
                          <Shown order={head} events={all} zone={zone} />
                        </section>
                      );
                    })}
                  </>
                ) : (
                  <Tabs
                    activeKey={tab}
                    onChange={(key) => put("tab", key)}
                    destroyOnHidden
                    items={(Object.keys(PARTS) as Part[]).map((name) => {
                      const Shown = PARTS[name];
                      return {
                        key: name,
                        label: t(`tab.${name}`),
                        children: <Shown order={head} events={all} zone={zone} />,
                      };
                    })}
                  />
                )}
              </>
            )}
          </Answer>
        )}
      </Answer>
    </Page>
  );
}
