import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { DESKS, SUPERVISORS, UNIT } from "@/kit/lists";
import type { Role } from "@/kit/session";

/** A room of the console: who may enter it, and where its page is. */
export interface Room {
  /** The name of its texts, and of its entry in the menu: `kit:room.<name>`. */
  name: string;
  /** Where it is; what follows is the room's own business. */
  path: string;
  roles: readonly Role[];
  page: LazyExoticComponent<ComponentType>;
  /** A page without menu and head, such as the floor view. */
  bare?: boolean;
  /** Not in the menu. */
  hidden?: boolean;
}

const READERS: Role[] = [...DESKS, ...UNIT, ...SUPERVISORS, "auditor"];
const EVERYBODY: Role[] = [...READERS, "administrator"];

/** Every room; the first that a role may enter and that is in the menu is where it begins. */
export const ROOMS: readonly Room[] = [
  { name: "inbox", path: "/inbox", roles: UNIT, page: lazy(() => import("@/rooms/inbox")) },
  { name: "callbacks", path: "/callbacks", roles: ["callback_agent"], page: lazy(() => import("@/rooms/callbacks")) },
  { name: "wall", path: "/wall", roles: [...SUPERVISORS], page: lazy(() => import("@/rooms/wall")) },
  { name: "audit", path: "/audit", roles: ["auditor"], page: lazy(() => import("@/rooms/audit")) },
  { name: "admin", path: "/admin", roles: ["administrator"], page: lazy(() => import("@/rooms/admin")) },
  {
    name: "desk",
    path: "/desk",
    roles: [...DESKS, ...UNIT, ...SUPERVISORS, "auditor"],
    page: lazy(() => import("@/rooms/desk")),
  },
  { name: "wall", path: "/wall", roles: ["team_lead", "auditor"], page: lazy(() => import("@/rooms/wall")) },
  {
    name: "callbacks",
    path: "/callbacks",
    roles: ["team_lead", ...SUPERVISORS],
    page: lazy(() => import("@/rooms/callbacks")),
  },
  { name: "admin", path: "/admin", roles: ["headquarters", "auditor"], page: lazy(() => import("@/rooms/admin")) },
  { name: "order", path: "/orders", roles: READERS, page: lazy(() => import("@/rooms/order")), hidden: true },
  { name: "account", path: "/account", roles: EVERYBODY, page: lazy(() => import("@/rooms/account")), hidden: true },
  {
    name: "floor",
    path: "/floor",
    roles: ["team_lead", ...SUPERVISORS, "auditor"],
    page: lazy(() => import("@/rooms/wall/floor")),
    bare: true,
  },
];

/** The rooms that a role may enter. */
export const roomsOf = (role: Role): Room[] => ROOMS.filter((room) => room.roles.includes(role));

/** Where a role begins. */
export const homeOf = (role: Role): string =>
  roomsOf(role).find((room) => !room.hidden && !room.bare)?.path ?? "/account";
