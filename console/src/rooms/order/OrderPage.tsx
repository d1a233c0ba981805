import { CopyOutlined, PrinterOutlined, StarOutlined } from "@ant-design/icons";
import { Alert, App, Button, Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import type { CommandAnswer, OrderView } from "@/kit/command";
import { CommandForm } from "@/kit/form/CommandForm";
import { FORMS } from "@/kit/form/fields";
import { useNames } from "@/kit/names";
import { useEvents } from "@/kit/order";
import { Page } from "@/kit/Page";
import { tells } from "@/kit/sentences";
import { useMe } from "@/kit/session";
import { StateTag } from "@/kit/tags";
import { Accesses } from "./Accesses";
import { Actions } from "./Actions";
import { Callback } from "./Callback";
import { ClockDrawer, Clocks } from "./Clocks";
import { Customer } from "./Customer";
import { Files } from "./Files";
import { useFollowers, useFollowing } from "./following";
import { Head, Marks } from "./Head";
import { Keys } from "./Keys";
import { News } from "./News";
import { Next } from "./Next";
import { Notices } from "./Notices";
import { Parts } from "./Parts";
import { People } from "./People";
import { may } from "./rights";
import { Timeline } from "./Timeline";
import { Units } from "./Units";
import { Whistles } from "./Whistles";

function Follow({ orderId }: { orderId: string }) {
  const { t } = useTranslation("order");
  const { message } = App.useApp();
  const me = useMe();
  const followers = useFollowers(orderId);
  const following = useFollowing(orderId);
  // Handling units are not told who follows; what they did last here is all that is known.
  const people = followers.data?.people ?? following.data?.people ?? [];
  const follow = !people.includes(me.id);
  return (
    <Button
      icon={<StarOutlined aria-hidden />}
      loading={following.isPending}
      aria-pressed={!follow}
      onClick={() =>
        following.mutate(
          { person: "", follow },
          {
            onSuccess: () => void message.success(t(follow ? "following" : "unfollowed")),
            onError: (problem) => void message.error(problem.title),
          },
        )
      }
    >
      {t(follow ? "follow" : "unfollow")}
    </Button>
  );
}

/** One order: what it is, what comes next, what one may do, and everything that happened to it. */
export function OrderPage({ view }: { view: OrderView }) {
  const { t } = useTranslation(["order", "verbs"]);
  const { message } = App.useApp();
  const me = useMe();
  const names = useNames();
  const go = useNavigate();
  const { hash } = useLocation();
  const [query, setQuery] = useSearchParams();
  const { order } = view;
  const zone = names.zone(order.province);
  const events = useEvents(order.id).data;
  const last = events?.at(-1)?.seq ?? 0;
  const [seen, setSeen] = useState(0);
  if (!seen && last) setSeen(last);
  const fresh = seen ? (events ?? []).filter((event) => event.seq > seen).length : 0;
  const [clock, setClock] = useState("");
  const verb = query.get("do") ?? "";
  const verbs = view.allowed[me.role] ?? [];
  const set = (name: string, value: string) =>
    setQuery(
      (old) => {
        if (value) old.set(name, value);
        else old.delete(name);
        return old;
      },
      { replace: true, preventScrollReset: true },
    );
  const act = (wanted: string) => (wanted === "attach" ? set("tab", "files") : set("do", wanted));
  const done = (answer: CommandAnswer) => {
    setSeen(Math.max(seen, answer.command.last));
    set("do", "");
  };
  const text = events?.find(tells)?.data.text as string | undefined;
  const copy = async () => {
    await navigator.clipboard.writeText(order.id);
    void message.success(t("copied"));
  };
  const print = () => void go(`/orders/${order.id}?view=print`);
  const tabs = [
    { key: "timeline", children: <Timeline order={order} zone={zone} seen={seen || last} /> },
    { key: "units", children: <Units view={view} /> },
    { key: "whistles", children: <Whistles view={view} /> },
    { key: "clocks", children: <Clocks order={order} onClock={setClock} /> },
    { key: "callback", children: <Callback order={order} /> },
    { key: "files", children: <Files order={order} open={verbs.includes("attach")} /> },
    ...(may(me.role, "followers") ? [{ key: "people", children: <People order={order} /> }] : []),
    ...(may(me.role, "notices") ? [{ key: "notices", children: <Notices order={order} /> }] : []),
    ...(may(me.role, "accesses") ? [{ key: "accesses", children: <Accesses order={order} /> }] : []),
  ].map((tab) => ({
    ...tab,
    label: t(`tab.${tab.key}`) + (tab.key === "whistles" && order.whistles.length ? ` ${order.whistles.length}` : ""),
  }));
  const tab = hash.startsWith("#e") && !query.has("tab") ? "timeline" : (query.get("tab") ?? "timeline");
  const show = (key: string) => () => {
    set("tab", key);
    document.getElementById(`tab-${key}`)?.focus();
  };
  const keys = {
    a: () => document.querySelector<HTMLElement>("#actions button")?.focus(),
    e: show("timeline"),
    u: show("units"),
    w: show("whistles"),
    l: show("clocks"),
    ...(verbs.includes("note") && { n: () => set("do", "note") }),
    p: print,
  };
  return (
    <Page
      title={t("title", { id: order.id })}
      actions={
        <>
          <Button icon={<CopyOutlined aria-hidden />} onClick={() => void copy()}>
            {t("copy")}
          </Button>
          {may(me.role, "follow") && !me.actingFor && <Follow orderId={order.id} />}
          <Button icon={<PrinterOutlined aria-hidden />} onClick={print}>
            {t("print")}
          </Button>
        </>
      }
    >
      <Marks view={view} />
      <div className="order-top">
        <Head view={view} />
        <Customer order={order} text={text} />
        <div className="order-side">
          <Next view={view} onClock={setClock} onAll={() => set("tab", "clocks")} />
          <Actions view={view} onAct={act} />
        </div>
      </div>
      <News number={fresh} onSee={() => (setSeen(last), set("tab", "timeline"))} />
      <div id="parts" className="box">
        <Parts parts={tabs} open={tab} onOpen={(key) => set("tab", key)} label={t("tabs")} />
      </div>
      <p className="quiet no-print wide">{t("keys.help")}</p>
      <Keys on={keys} />
      <ClockDrawer order={order} clock={clock} onClose={() => setClock("")} />
      <Drawer
        open={verb in FORMS}
        onClose={() => set("do", "")}
        size="min(560px, 100vw)"
        title={`${t(`verbs:verb.${verb || "note"}.label`)} · ${order.id}`}
        destroyOnHidden
      >
        {verb && !verbs.includes(verb) && (
          <Alert
            type="warning"
            showIcon
            title={t("verbs:refusal.not_allowed_now")}
            action={<StateTag state={order.state} />}
          />
        )}
        {verb in FORMS && (
          <CommandForm key={verb} view={view} verb={verb} onDone={done} onCancel={() => set("do", "")} />
        )}
      </Drawer>
    </Page>
  );
}
