import { Button, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNames } from "@/kit/names";
import { useSentences } from "@/kit/sentences";
import { useMe } from "@/kit/session";
import { Answer } from "@/kit/states";
import { Wide } from "@/kit/Wide";
import { useAccesses } from "./data";
import type { PartProps } from "./part";
import { useExact } from "./useExact";

/** What an auditor looks for first. */
const LOUD = ["refused", "revealed", "exported", "erased"];

/** Who looked at the order, who was refused, who was shown what is hidden and why. */
export function Accesses({ order, zone }: PartProps) {
  const { t } = useTranslation(["audit", "verbs", "kit"]);
  const names = useNames();
  const exact = useExact(zone);
  const sentences = useSentences(order, zone);
  const pages = useAccesses(order.id);
  const answer = { ...pages, data: pages.data?.pages.flatMap((page) => page.items) };
  const me = useMe();
  const [hidden, setHidden] = useState(false);
  const detail = (text: string): string => {
    const [, seq] = /^seq (\d+)$/.exec(text) ?? [];
    return seq ? t("accesses.seq", { seq }) : text || "—";
  };
  const operation = (id: string): string => t(`operation.${id}`, t(`verbs:verb.${id}.label`, id));
  return (
    <Answer of={answer} empty={t("accesses.none")}>
      {(lines) => (
        <>
          <label className="no-print">
            <Switch size="small" checked={hidden} onChange={setHidden} /> {t("accesses.hide")}
          </label>
          <Wide className="audit-wide" label={t("accesses.table")}>
            <table className="audit-table audit-broad">
              <caption>{t("accesses.table")}</caption>
              <thead>
                <tr>
                  {["at", "who", "role", "what", "outcome", "detail", "reason", "address"].map((name) => (
                    <th scope="col" key={name}>
                      {t(`accesses.${name}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {lines
                  .filter((line) => !hidden || line.actor_id !== me.id)
                  .map((line) => (
                    <tr key={line.id}>
                      <td>{exact(line.at)}</td>
                      <th scope="row">
                        {line.actor_id
                          ? sentences.who({ id: line.actor_id, role: line.role, acting_for: line.acting_for })
                          : t("accesses.nobody")}
                      </th>
                      <td>
                        {line.role ? t(`verbs:role.${line.role}`, line.role) : "—"}
                        {line.unit && <span className="audit-quiet">{names.unit(line.unit)}</span>}
                      </td>
                      <td>{operation(line.operation)}</td>
                      <td>
                        <span className={LOUD.includes(line.outcome) ? "audit-mark audit-mark-changed" : ""}>
                          {t(`outcome.${line.outcome}`)}
                        </span>
                      </td>
                      <td>{detail(line.detail || line.code)}</td>
                      <td>{line.reason || "—"}</td>
                      <td>{line.address || "—"}</td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </Wide>
          {pages.hasNextPage && (
            <Button
              block
              className="no-print"
              loading={pages.isFetchingNextPage}
              onClick={() => void pages.fetchNextPage()}
            >
              {t("kit:more")}
            </Button>
          )}
        </>
      )}
    </Answer>
  );
}
