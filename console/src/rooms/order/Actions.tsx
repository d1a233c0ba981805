import { DownOutlined } from "@ant-design/icons";
import { Button, Dropdown, type MenuProps } from "antd";
import { useTranslation } from "react-i18next";
import type { OrderView } from "@/kit/command";
import { actionsOf, type Action } from "@/kit/form/readiness";
import { useNames } from "@/kit/names";
import { useMe } from "@/kit/session";
import { Countdown } from "@/kit/time";
import { GROUPS } from "./groups";

/** What one may do to the order: what is owed now as buttons, with its limit; all else in a menu, with why not where not. */
export function Actions({ view, onAct }: { view: OrderView; onAct: (verb: string) => void }) {
  const { t } = useTranslation(["order", "verbs"]);
  const me = useMe();
  const names = useNames();
  const actions = actionsOf(view.order, view.allowed[me.role] ?? [], me);
  const owed = actions.filter((one) => one.owed);
  const other = actions.filter((one) => !one.owed);
  const entry = ({ verb, why }: Action) => ({
    key: verb,
    disabled: why !== "",
    label: (
      <>
        {t(verb === "attach" ? "actions.attach" : `verbs:verb.${verb}.label`)}
        {why && <small className="why"> {t(`verbs:not_now.${why}`)}</small>}
      </>
    ),
  });
  const items: MenuProps["items"] = Object.entries(GROUPS)
    .map(([group, verbs]) => ({ group, found: other.filter((one) => verbs.includes(one.verb)) }))
    .filter(({ found }) => found.length > 0)
    .map(({ group, found }) => ({ type: "group", key: group, label: t(`group.${group}`), children: found.map(entry) }));
  return (
    <section className="box no-print" aria-labelledby="actions-heading" id="actions">
      <h2 id="actions-heading">
        {t("actions.heading")}
        {me.actingFor && <small> {t("actions.as", { name: names.of(me) })}</small>}
      </h2>
      {!actions.length && <p>{t("actions.none")}</p>}
      {owed.length > 0 && (
        <ul className="owed" aria-label={t("actions.owed")}>
          {owed.map(({ verb, due, paused }, at) => (
            <li key={verb}>
              <Button type={at ? "default" : "primary"} data-verb={verb} onClick={() => onAct(verb)}>
                {t(`verbs:verb.${verb}.label`)}
              </Button>
              {due && <Countdown due={due} zone={names.zone(me.unit || view.order.province)} paused={paused} />}
            </li>
          ))}
        </ul>
      )}
      {other.length > 0 && (
        <Dropdown
          trigger={["click"]}
          menu={{ items, onClick: ({ key }) => onAct(key), className: "action-menu" }}
          overlayClassName="actions-overlay"
        >
          <Button>
            {t("actions.other")} <DownOutlined aria-hidden />
          </Button>
        </Dropdown>
      )}
    </section>
  );
}
