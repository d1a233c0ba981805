import { TeamOutlined } from "@ant-design/icons";
import { Button, Checkbox, Space, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useLabels } from "@/kit/labels";
import { ClassTag, LevelTag, StateTag } from "@/kit/tags";
import { Countdown } from "@/kit/time";
import { Said } from "./Said";
import { atOnce, keyOf, nextVerb, type Owed, type Task } from "./tasks";
import type { Deed, Does } from "./useDeeds";

export interface RowProps {
  task: Task;
  zone: string;
  name: (person: string) => string;
  deed: Deed | undefined;
  does: Does;
  selected: boolean;
  onSelect: (chosen: boolean) => void;
}

/** One entry: whose complaint class, what is owed until when, and the one click that is due. */
export function Row({ task, zone, name, deed, does, selected, onSelect }: RowProps) {
  const { t } = useTranslation(["inbox", "verbs"]);
  const labels = useLabels();
  const verb = nextVerb(task);
  const body = verb && atOnce(task, verb);
  const whistled = task.kind === "whistle";
  const there = task.others.filter((one) => one.role !== "copy");
  return (
    <li className="inbox-row" data-order={task.order_id} data-subject={task.subject} data-colour={task.colour}>
      <Checkbox
        checked={selected}
        disabled={!body}
        onChange={(event) => onSelect(event.target.checked)}
        aria-label={t("select", { order: task.order_id })}
      />
      <div className="inbox-what">
        <Link className="inbox-title" to={`/inbox/${keyOf(task)}`}>
          {task.title}
        </Link>
        <div className="inbox-facts">
          <span className="inbox-number">{task.order_id}</span>
          {whistled && <Tag color="magenta">{t("whistled", { kind: t(`verbs:kind.${task.whistle_kind}`) })}</Tag>}
          {whistled && <span>{labels.of("whistle_matters", task.matter)}</span>}
          {!whistled && <Tag>{t(`verbs:unit_role.${task.role}`)}</Tag>}
          <ClassTag of={task.order_class} />
          <StateTag state={task.state} />
          <LevelTag level={task.level} />
          {task.colour && <Tag color={TONES[task.colour] ?? "default"}>{t(`verbs:colour.${task.colour}`)}</Tag>}
          {task.absent && <Tag color="red">{t("verbs:presence.absent")}</Tag>}
          {task.round > 1 && <Tag color="volcano">{t("round", { round: task.round })}</Tag>}
          {task.urges > 0 && <Tag color="orange">{t("urged", { count: task.urges })}</Tag>}
          {task.auto_signed && <Tag color="red">{t("auto_signed")}</Tag>}
          {there.length > 0 && (
            <span className="inbox-quiet">
              <TeamOutlined aria-hidden /> {t("joint", { count: there.length })}
            </span>
          )}
          {task.holders.length > 0 && (
            <span className="inbox-quiet">{t("held_by", { people: task.holders.map(name).join(t("comma")) })}</span>
          )}
        </div>
        <Said deed={deed} state={task.state} zone={zone} />
      </div>
      <ul className="inbox-owed" aria-label={t("owed")}>
        {task.owed.length === 0 && <li className="inbox-quiet">{t("nothing_owed")}</li>}
        {task.owed.slice(0, 3).map((owed) => (
          <Due key={owed.verb + owed.kind} owed={owed} zone={zone} />
        ))}
      </ul>
      <Space className="inbox-do">
        {verb && body && (
          <Button
            type="primary"
            loading={deed?.state === "running"}
            onClick={() => void does(task, verb, body)}
            aria-label={t("do_this", { verb: t(`verbs:verb.${verb}.label`), order: task.order_id })}
          >
            {t(`verbs:verb.${verb}.label`)}
          </Button>
        )}
        <Link to={`/inbox/${keyOf(task)}${verb && !body ? `?do=${verb}` : ""}`}>
          <Button type={verb && !body ? "primary" : "default"} tabIndex={-1}>
            {verb && !body ? t(`verbs:verb.${verb}.label`) : t("open")}
          </Button>
        </Link>
      </Space>
    </li>
  );
}

const TONES: Record<string, string> = { blue: "blue", yellow: "gold", red: "red" };

/** One thing owed: the limit's name and how long is left. */
export function Due({ owed, zone }: { owed: Owed; zone: string }) {
  const { t } = useTranslation(["inbox", "verbs"]);
  return (
    <li>
      <span>{owed.kind ? t(`verbs:clock.${owed.kind}`) : t(`verbs:verb.${owed.verb}.label`)}</span>
      {owed.due_at ? <Countdown due={owed.due_at} zone={zone} paused={owed.paused} /> : <Tag>{t("no_limit")}</Tag>}
    </li>
  );
}
