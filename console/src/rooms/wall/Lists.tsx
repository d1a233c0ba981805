import { Button, Card, Space, Tag } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { SUPERVISORS } from "@/kit/lists";
import { useNames } from "@/kit/names";
import { type Role, useMe } from "@/kit/session";
import { LevelTag } from "@/kit/tags";
import { Countdown, Instant } from "@/kit/time";
import type { Deed } from "./Act";
import type { Breach, Missing } from "./wall";

const RAISES: readonly Role[] = ["team_lead", ...SUPERVISORS];
const LEVELS = [5, 4, 3, 2, 1, 0];

interface ListProps {
  title: string;
  total: number;
  shown: number;
  none: string;
  children: ReactNode;
}

/** A titled list of the wall, with how many there are in all. */
export function Listed({ title, total, shown, none, children }: ListProps) {
  const { t } = useTranslation("wall");
  return (
    <Card size="small" title={<h2>{`${title} · ${total}`}</h2>} className="wall-list">
      {total === 0 ? <p className="wall-none">{none}</p> : children}
      {shown < total && <p className="quiet">{t("list.more", { shown, total })}</p>}
    </Card>
  );
}

type Doing = (deed: Deed) => void;

/** Who was summoned and has not reported in, level by level from the top. */
export function Unreported({ lines, total, onAct }: { lines: readonly Missing[]; total: number; onAct: Doing }) {
  const { t } = useTranslation("wall");
  const { t: word } = useTranslation("verbs");
  return (
    <Listed title={t("unreported.title")} total={total} shown={lines.length} none={t("unreported.none")}>
      {LEVELS.map((level) => {
        const here = lines.filter((line) => line.level === level);
        return here.length ? (
          <section key={level} aria-label={word(`level.${level}`)} data-level={level}>
            <h3>
              {word(`level.${level}`)} · {here.length}
            </h3>
            <ul className="missing">
              {here.map((line) => (
                <Row key={`${line.order_id}/${line.subject}/${line.unit}`} line={line} onAct={onAct}>
                  <Tag color="red">{word("presence.absent")}</Tag>
                  <Tag>{word(`presence.${line.state}`)}</Tag>
                  <span>{word(`kind.${line.kind}`)}</span>
                </Row>
              ))}
            </ul>
          </section>
        ) : null;
      })}
    </Listed>
  );
}

/** Who has a part and has not signed it; first those for whom the system had to. */
export function Unsigned({ lines, total, onAct }: { lines: readonly Missing[]; total: number; onAct: Doing }) {
  const { t } = useTranslation("wall");
  const { t: word } = useTranslation("verbs");
  return (
    <Listed title={t("unsigned.title")} total={total} shown={lines.length} none={t("unsigned.none")}>
      <ul className="missing">
        {lines.map((line) => (
          <Row key={`${line.order_id}/${line.subject}`} line={line} onAct={onAct} dueStands={line.state === "offered"}>
            <Tag color={line.state === "offered" ? "gold" : "red"}>{t(`unsigned.${line.state}`)}</Tag>
            <span>{word(`unit_role.${line.kind}`)}</span>
          </Row>
        ))}
      </ul>
    </Listed>
  );
}

interface RowProps {
  line: Missing;
  onAct: Doing;
  dueStands?: boolean;
  children: ReactNode;
}

function Row({ line, onAct, dueStands = true, children }: RowProps) {
  const { t } = useTranslation("wall");
  const { t: word } = useTranslation("verbs");
  const names = useNames();
  const role = useMe().role;
  const unit = names.zh ? line.zh : line.en;
  const whistle = dueStands && line.matter !== "" ? { whistle: line.subject, unit: line.unit } : null;
  const deeds: Deed[] = [
    ...(SUPERVISORS.includes(role) ? [{ orderId: line.order_id, verb: "supervise", given: {} }] : []),
    ...(RAISES.includes(role) ? [{ orderId: line.order_id, verb: "escalate", given: {} }] : []),
    ...(whistle && SUPERVISORS.includes(role) ? [{ orderId: line.order_id, verb: "excuse", given: whistle }] : []),
  ];
  return (
    <li data-unit={line.unit} data-order={line.order_id}>
      <div className="missing-who">
        <strong>{unit}</strong>
        <Link to={`/orders/${line.order_id}`}>{line.order_id}</Link>
        <LevelTag level={line.level} />
      </div>
      <div className="missing-what">
        {children}
        {line.matter && <span>{names.zh ? line.matter_zh : line.matter_en}</span>}
        <span className="quiet">
          {t("since")} <Instant at={line.since} zone={names.zone(line.unit)} />
        </span>
        {dueStands && <Countdown due={line.due_at} zone={names.zone(line.unit)} />}
      </div>
      <Space size={4} wrap className="missing-deeds">
        {deeds.map((deed) => (
          <Button
            key={deed.verb}
            size="small"
            aria-label={t("deed", { verb: word(`verb.${deed.verb}.label`), unit, order: line.order_id })}
            onClick={() => onAct(deed)}
          >
            {word(`verb.${deed.verb}.label`)}
          </Button>
        ))}
      </Space>
    </li>
  );
}

/** The limits that passed today, each with the reason why. */
export function Breaches({
  lines,
  total,
  onWhy,
}: {
  lines: readonly Breach[];
  total: number;
  onWhy: (breach: Breach) => void;
}) {
  const { t } = useTranslation("wall");
  const { t: word } = useTranslation("verbs");
  const names = useNames();
  return (
    <Listed title={t("breaches.title")} total={total} shown={lines.length} none={t("breaches.none")}>
      <ul className="missing">
        {lines.map((line) => {
          const clock = word(`clock.${line.clock}`);
          const unit = line.unit
            ? names.zh
              ? line.zh
              : line.en
            : t("breaches.desk", { place: names.unit(line.province) });
          return (
            <li key={`${line.order_id}/${line.key}`} data-order={line.order_id} data-clock={line.clock}>
              <div className="missing-who">
                <strong>{clock}</strong>
                <span>{unit}</span>
                <Link to={`/orders/${line.order_id}`}>{line.order_id}</Link>
                <LevelTag level={line.level} />
              </div>
              <div className="missing-what">
                <span className="quiet">
                  {t("breaches.due")} <Instant at={line.due_at} zone={names.zone(line.province)} />
                </span>
                {line.ended_at ? (
                  <Tag color="green">{t("breaches.met")}</Tag>
                ) : (
                  <Countdown due={line.due_at} zone={names.zone(line.province)} />
                )}
              </div>
              <Button
                size="small"
                className="missing-deeds"
                aria-label={t("breaches.whyOf", { clock, unit, order: line.order_id })}
                onClick={() => onWhy(line)}
              >
                {t("breaches.why")}
              </Button>
            </li>
          );
        })}
      </ul>
    </Listed>
  );
}
