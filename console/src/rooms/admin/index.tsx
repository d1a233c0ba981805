import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, NavLink, Route, Routes } from "react-router";
import { Page } from "@/kit/Page";
import { useMe } from "@/kit/session";
import { Loading } from "@/kit/states";
import "./admin.css";
import { SECTIONS } from "./sections";

/** Administration: who works here, by which rules, in which words, and how the system is. */
export default function Admin() {
  const { t } = useTranslation(["admin", "kit"]);
  const { role } = useMe();
  const open = SECTIONS.filter((section) => section.roles.includes(role));
  return (
    <Page title={t("kit:room.admin")}>
      <nav className="admin-nav" aria-label={t("sections")}>
        {open.map(({ name }) => (
          <NavLink key={name} to={`/admin/${name}`}>
            {t(`section.${name}`)}
          </NavLink>
        ))}
      </nav>
      <Suspense fallback={<Loading />}>
        <Routes>
          {open.map(({ name, page: Section }) => (
            <Route key={name} path={`${name}/*`} element={<Section />} />
          ))}
          <Route path="*" element={<Navigate to={`/admin/${open[0]?.name ?? ""}`} replace />} />
        </Routes>
      </Suspense>
    </Page>
  );
}
