import { CheckCircleOutlined, CloseCircleOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import type { Verdict } from "./proof";
import { useExact } from "./useExact";
import { Wide } from "@/kit/Wide";

/** Each link of a chain: what it is of, its hash, and whether it holds; last the head. */
export function Links({ verdict, zone }: { verdict: Verdict; zone: string }) {
  const { t } = useTranslation(["audit", "verbs"]);
  const exact = useExact(zone);
  const mark = (holds: boolean, words: string) => (
    <span className={holds ? "audit-holds" : "audit-fails"}>
      {holds ? <CheckCircleOutlined aria-hidden /> : <CloseCircleOutlined aria-hidden />} {words}
    </span>
  );
  return (
    <Wide className="audit-wide" label={t("proof.table")}>
      <table className="audit-table audit-broad">
        <caption>{t("proof.table")}</caption>
        <thead>
          <tr>
            {["seq", "event", "at", "hash", "holds"].map((name) => (
              <th scope="col" key={name}>
                {t(`proof.${name}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {verdict.links.map((link) => (
            <tr
              key={link.place}
              className={link.faults.length ? "audit-removed" : ""}
              data-broken={link.faults.length > 0}
            >
              <th scope="row">{link.seq}</th>
              <td>{t(`verbs:event.${link.type}`, link.type)}</td>
              <td>{exact(link.at)}</td>
              <td className="audit-hash">
                <code>{link.hash}</code>
                {link.computed !== link.hash && (
                  <div className="audit-fails">
                    {t("proof.computed")} <code>{link.computed || "—"}</code>
                  </div>
                )}
              </td>
              <td>
                {mark(
                  link.faults.length === 0,
                  link.faults.length ? link.faults.map((fault) => t(`fault.${fault}`)).join("; ") : t("proof.ok"),
                )}
              </td>
            </tr>
          ))}
          <tr data-broken={!verdict.headed}>
            <th scope="row" colSpan={4}>
              {t("proof.ends")}
            </th>
            <td>{mark(verdict.headed, t(verdict.headed ? "proof.ok" : "fault.unheaded"))}</td>
          </tr>
        </tbody>
      </table>
    </Wide>
  );
}
