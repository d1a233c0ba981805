import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { Role } from "@/kit/session";

/** A part of the room: its path below `/admin`, its name in the texts, who may see it. */
export interface Section {
  name: string;
  roles: readonly Role[];
  page: LazyExoticComponent<ComponentType>;
}

const ALL: readonly Role[] = ["administrator", "headquarters", "auditor"];

export const SECTIONS: readonly Section[] = [
  { name: "organisation", roles: ALL, page: lazy(() => import("./Organisation")) },
  { name: "people", roles: ALL, page: lazy(() => import("./People")) },
  { name: "catalogue", roles: ALL, page: lazy(() => import("./Catalogue")) },
  { name: "policies", roles: ALL, page: lazy(() => import("./Policies")) },
  { name: "calendars", roles: ALL, page: lazy(() => import("./Calendars")) },
  { name: "templates", roles: ALL, page: lazy(() => import("./Templates")) },
  { name: "tokens", roles: ALL, page: lazy(() => import("./Tokens")) },
  { name: "keys", roles: ["administrator", "auditor"], page: lazy(() => import("./SecretKeys")) },
  { name: "system", roles: ALL, page: lazy(() => import("./System")) },
];
