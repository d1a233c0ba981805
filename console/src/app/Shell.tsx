import {
  BellOutlined,
  DisconnectOutlined,
  LogoutOutlined,
  MenuOutlined,
  ThunderboltOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Badge, Button, Drawer, Dropdown, Menu, Tag, Tooltip } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Outlet, useLocation } from "react-router";
import { send } from "@/kit/api";
import { useLive } from "@/kit/live";
import { useNames } from "@/kit/names";
import { problemOf } from "@/kit/problem";
import { useMe } from "@/kit/session";
import { Loading } from "@/kit/states";
import { speak } from "@/kit/texts";
import { LanguageSwitch } from "./Language";
import { Notices, useUnread } from "./Notices";
import { roomsOf } from "./rooms";

/** The frame around every room: where one may go, who one is, in which language, and whether it is live. */
export function Shell() {
  const { t } = useTranslation("kit");
  const me = useMe();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const rooms = roomsOf(me.role).filter((room) => !room.hidden && !room.bare);
  const here = rooms.find((room) => pathname.startsWith(room.path))?.path ?? "";
  const items = rooms.map((room) => ({ key: room.path, label: <Link to={room.path}>{t(`room.${room.name}`)}</Link> }));
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t("skip")}
      </a>
      <header className="shell-head">
        <Button
          className="narrow"
          type="text"
          icon={<MenuOutlined />}
          aria-label={t("menu")}
          onClick={() => setOpen(true)}
        />
        <Link to="/" className="brand">
          <img src="/whistle.svg" alt="" width={26} height={26} />
          <span>{t("brand")}</span>
        </Link>
        <nav className="wide" aria-label={t("menu")}>
          <Menu mode="horizontal" selectedKeys={[here]} items={items} />
        </nav>
        <Drawer placement="left" open={open} onClose={() => setOpen(false)} title={t("menu")} size={260}>
          <nav aria-label={t("menu")}>
            <Menu selectedKeys={[here]} items={items} onClick={() => setOpen(false)} />
          </nav>
        </Drawer>
        <Live />
        <Bell />
        <LanguageSwitch />
        <Myself />
      </header>
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  );
}

function Live() {
  const { t } = useTranslation("kit");
  const state = useLive();
  if (state === "off") return null;
  return (
    <Tooltip title={t(`live.${state}`)}>
      <Tag
        role="status"
        aria-label={t(`live.${state}`)}
        icon={state === "live" ? <ThunderboltOutlined /> : <DisconnectOutlined />}
        color={state === "live" ? "green" : "orange"}
        data-live={state}
      />
    </Tooltip>
  );
}

function Bell() {
  const { t } = useTranslation("kit");
  const [open, setOpen] = useState(false);
  const unread = useUnread();
  return (
    <>
      <Badge count={unread} size="small" offset={[-8, 8]}>
        <Button
          type="text"
          icon={<BellOutlined />}
          aria-label={t("notices.title", { count: unread })}
          onClick={() => setOpen(true)}
        />
      </Badge>
      <Drawer open={open} onClose={() => setOpen(false)} title={t("notices.heading")} size={420}>
        {open && <Notices onLeave={() => setOpen(false)} />}
      </Drawer>
    </>
  );
}

function Myself() {
  const { t, i18n } = useTranslation(["kit", "verbs"]);
  const me = useMe();
  const names = useNames();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const language = i18n.language === "zh" ? "zh" : "en";
  const leave = useMutation({
    mutationFn: () => send("POST", "/v1/logout"),
    onSuccess: () => {
      sessionStorage.clear();
      queries.clear();
      speak(language); // the answer has the browser forget what it kept, this among it
      location.assign("/login");
    },
    onError: (problem) => void message.error(problemOf(problem).title),
  });
  const acting = me.session.acting.map((one) => ({
    key: `act:${one.absent}`,
    label: t("acting.take", { person: one.absent }),
    onClick: () => me.act(one.absent),
  }));
  const back = me.actingFor ? [{ key: "act:", label: t("acting.leave"), onClick: () => me.act("") }] : [];
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: [
          {
            key: "who",
            label: `${t(`verbs:role.${me.role}`)} · ${names.unit(me.unit || me.province)}`,
            disabled: true,
          },
          { key: "account", label: <Link to="/account">{t("room.account")}</Link> },
          ...(me.actingFor ? back : acting),
          { key: "leave", icon: <LogoutOutlined />, label: t("logout"), onClick: () => leave.mutate() },
        ],
      }}
    >
      <Button type="text" icon={<UserOutlined />} aria-label={t("myself", { name: names.of(me) })}>
        <span className="wide">{names.of(me)}</span>
        {me.actingFor && <Tag color="purple">{t("acting.now")}</Tag>}
      </Button>
    </Dropdown>
  );
}
