import { Tag } from "antd";
import { useTranslation } from "react-i18next";

const TONES: Record<string, string> = {
  registered: "blue",
  triage: "gold",
  dispatched: "geekblue",
  in_progress: "processing",
  ledgered: "purple",
  pending_info: "orange",
  replied: "cyan",
  awaiting_callback: "lime",
  closed: "green",
};
const LEVELS = ["default", "blue", "gold", "orange", "volcano", "red"];

/** An order's state in words. */
export function StateTag({ state }: { state: string }) {
  const { t } = useTranslation("verbs");
  return <Tag color={TONES[state] ?? "default"}>{t(`state.${state}`)}</Tag>;
}

/** To which level an order was raised, 1 to 5; nothing for 0. */
export function LevelTag({ level }: { level: number }) {
  const { t } = useTranslation("verbs");
  return level > 0 ? <Tag color={LEVELS[level] ?? "red"}>{t(`level.${level}`)}</Tag> : null;
}

/** An order's class in words. */
export function ClassTag({ of }: { of: string }) {
  const { t } = useTranslation("verbs");
  return <Tag>{t(`class.${of}`)}</Tag>;
}
