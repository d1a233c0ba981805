import { QueryClient, QueryClientProvider, useQueryClient } from "@tanstack/react-query";
import { App as AntApp, ConfigProvider } from "antd";
import enGB from "antd/locale/en_GB";
import zhCN from "antd/locale/zh_CN";
import { Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { createBrowserRouter, Navigate, Outlet, RouterProvider, useLocation } from "react-router";
import { startLive } from "@/kit/live";
import { problemOf } from "@/kit/problem";
import { SessionProvider, useMe, useSession } from "@/kit/session";
import { Failed, Loading } from "@/kit/states";
import { Boundary } from "./Boundary";
import { LogIn } from "./LogIn";
import { Missing } from "./Missing";
import { Password } from "./Password";
import { homeOf, roomsOf, type Room } from "./rooms";
import { Shell } from "./Shell";

/** Refusals are answers: only a broken way is tried again. */
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && problemOf(error).again,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

/** Darker than the library's own where those are too pale to be read on their ground (WCAG AA). */
const theme = {
  token: {
    motion: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    borderRadius: 6,
    colorPrimary: "#0b5cad",
    colorLink: "#0b5cad",
    colorError: "#c4131f",
    colorErrorBg: "#fff1f0",
    colorErrorBorder: "#ffb3ae",
    colorSuccess: "#237804",
    colorSuccessBg: "#f0fbe8",
    colorSuccessBorder: "#b2de95",
    colorWarning: "#ad4e00",
    colorWarningBg: "#fff8e8",
    colorWarningBorder: "#ffd591",
    colorTextSecondary: "#4d5866",
    colorTextTertiary: "#5d6875",
    colorTextQuaternary: "#5d6875",
    colorTextDescription: "#4d5866",
    colorTextPlaceholder: "#66707c",
    colorTextDisabled: "#66707c",
    red7: "#a8071a",
    volcano7: "#ad2102",
    orange7: "#ad4e00",
    gold7: "#874d00",
    lime7: "#3f6600",
    green7: "#135200",
    cyan7: "#00474f",
    blue7: "#003eb3",
  },
};

function Home() {
  return <Navigate to={homeOf(useMe().role)} replace />;
}

function Entered() {
  const me = useMe();
  const client = useQueryClient();
  const { id, role, actingFor } = me;
  useEffect(() => startLive(client, { id, role, actingFor }), [client, id, role, actingFor]);
  return (
    <Suspense fallback={<Loading />}>
      <Outlet />
    </Suspense>
  );
}

/** Lets in who is logged in; others see the log-in page, and go on to where they wanted. */
function Gate() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.data === undefined)
    return session.error ? <Failed error={session.error} retry={() => void session.refetch()} /> : <Loading />;
  if (session.data === null) return <LogIn next={pathname + search} />;
  if (session.data.who.role === "customer") {
    location.replace("/my");
    return null;
  }
  if (session.data.must_change) return <Password session={session.data} forced />;
  return (
    <SessionProvider session={session.data} key={session.data.who.id}>
      <Entered />
    </SessionProvider>
  );
}

function Entrance({ room }: { room: Room }) {
  const me = useMe();
  const open = roomsOf(me.role).some((one) => one.path === room.path);
  return open ? <room.page /> : <Missing forbidden />;
}

const unique = (bare: boolean, rooms: readonly Room[]) =>
  rooms.filter((room, at) => Boolean(room.bare) === bare && rooms.findIndex((one) => one.path === room.path) === at);

export function makeRouter(rooms: readonly Room[]) {
  const route = (room: Room) => ({
    path: `${room.path}/*`,
    element: <Entrance room={room} />,
    errorElement: <Boundary />,
  });
  return createBrowserRouter([
    {
      element: <Gate />,
      errorElement: <Boundary />,
      children: [
        { index: true, element: <Home /> },
        { path: "/login", element: <Home /> },
        ...unique(true, rooms).map(route),
        { element: <Shell />, children: [...unique(false, rooms).map(route), { path: "*", element: <Missing /> }] },
      ],
    },
  ]);
}

/** The whole console. */
export function App({ router }: { router: ReturnType<typeof makeRouter> }) {
  const { i18n } = useTranslation();
  return (
    <ConfigProvider
      locale={i18n.language === "zh" ? zhCN : enGB}
      csp={{ nonce }}
      theme={theme}
      button={{ autoInsertSpace: false }}
    >
      <AntApp>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  );
}
