import { Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useOrder } from "@/kit/order";
import type { Order } from "@/kit/sentences";
import { Answer, Nothing } from "@/kit/states";
import { useAsOf } from "./data";
import { compare, type Difference, type Line } from "./diff";
import { useExact } from "./useExact";
import { useWords } from "./useWords";
import { Wide } from "@/kit/Wide";

/** Differences are told by a sign and a word, and by colour besides. */
const SIGNS: Record<Difference, string> = { same: "", changed: "≠", added: "+", removed: "−" };

/** How the order stood after an event, beside how it stands today. */
export function Standing({ order, seq, zone }: { order: Order; seq: number; zone: string }) {
  const { t } = useTranslation("audit");
  const past = useAsOf(order.id, seq);
  const today = useOrder(order.id);
  const exact = useExact(zone);
  const words = useWords(order, zone);
  const [all, setAll] = useState(false);
  return (
    <Answer of={past}>
      {(then) => {
        const lines = compare(then.order, today.data?.order ?? order);
        const different = lines.filter(({ difference }) => difference !== "same");
        const shown = all ? lines : different;
        const counts = (["changed", "added", "removed"] as const).map((difference) => (
          <span key={difference} className={`audit-mark audit-mark-${difference}`}>
            {SIGNS[difference]} {t(`diff.${difference}`)}{" "}
            {lines.filter((line) => line.difference === difference).length}
          </span>
        ));
        return (
          <>
            <div className="audit-diff-head">
              <span>{counts}</span>
              <label className="no-print">
                <Switch checked={all} onChange={setAll} size="small" /> {t("diff.all")}
              </label>
            </div>
            {shown.length === 0 ? (
              <Nothing>{t("diff.none")}</Nothing>
            ) : (
              <Wide className="audit-wide" label={t("diff.table")}>
                <table className="audit-table">
                  <caption>
                    {t("diff.caption", { seq: then.as_of.seq, at: exact(then.as_of.at), last: then.as_of.last })}
                  </caption>
                  <thead>
                    <tr>
                      <th scope="col">{t("diff.field")}</th>
                      <th scope="col">{t("diff.then")}</th>
                      <th scope="col">{t("diff.today")}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {shown.map((line) => (
                      <Row key={line.path.join("/")} line={line} words={words} />
                    ))}
                  </tbody>
                </table>
              </Wide>
            )}
          </>
        );
      }}
    </Answer>
  );
}

function Row({ line, words }: { line: Line; words: ReturnType<typeof useWords> }) {
  const { t } = useTranslation("audit");
  const sign = SIGNS[line.difference];
  const [group, field] = words.field(line.path);
  return (
    <tr className={`audit-${line.difference}`}>
      <th scope="row">
        {group && <span className="audit-quiet">{group}</span>}
        {field}
      </th>
      <td>{line.was === undefined ? <span aria-hidden>—</span> : words.value(line.path, line.was)}</td>
      <td>
        {line.is === undefined ? <span aria-hidden>—</span> : words.value(line.path, line.is)}{" "}
        {sign && (
          <span className={`audit-mark audit-mark-${line.difference}`}>
            {sign} {t(`diff.${line.difference}`)}
          </span>
        )}
      </td>
    </tr>
  );
}
