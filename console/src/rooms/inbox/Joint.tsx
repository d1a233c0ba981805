import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { useNames } from "@/kit/names";
import { Countdown } from "@/kit/time";
import type { Task } from "./tasks";

/** The other departments in the same order, and how far each has come. */
export function Joint({ task, zone }: { task: Task; zone: string }) {
  const { t } = useTranslation(["inbox", "verbs"]);
  const names = useNames();
  if (task.others.length === 0) return null;
  return (
    <section className="inbox-section">
      <h3>{t("others.title")}</h3>
      <p className="inbox-quiet">{t("others.lead", { unit: names.unit(task.lead) })}</p>
      <table className="inbox-others">
        <thead>
          <tr>
            <th scope="col">{t("others.unit")}</th>
            <th scope="col">{t("others.role")}</th>
            <th scope="col">{t("others.status")}</th>
            <th scope="col">{t("others.due")}</th>
          </tr>
        </thead>
        <tbody>
          {task.others.map((one) => (
            <tr key={one.unit + one.whistle}>
              <td>{names.unit(one.unit)}</td>
              <td>{one.whistle ? t("others.summoned", { whistle: one.whistle }) : t(`verbs:unit_role.${one.role}`)}</td>
              <td>
                {t(one.whistle ? `verbs:presence.${one.status}` : `verbs:part.${one.status}`)}{" "}
                {one.absent && <Tag color="red">{t("verbs:presence.absent")}</Tag>}
                {one.explained && <Tag>{t("others.explained")}</Tag>}
              </td>
              <td>
                <Countdown due={one.due_at} zone={zone} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
