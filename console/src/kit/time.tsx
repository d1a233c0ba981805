import { Tag, Tooltip } from "antd";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

const listeners = new Set<() => void>();
let now = Date.now();
let ticking: ReturnType<typeof setInterval> | undefined;

/** One tick a second for everything that counts down, and none while nothing does. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  ticking ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (!listeners.size) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
}

/** The present, in milliseconds, each second anew. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => (ticking ? now : (now = Math.floor(Date.now() / 1000) * 1000)));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The format of a language and a zone; making one takes longer than using it a hundred times. */
function format(language: string, zone: string, withYear: boolean): Intl.DateTimeFormat {
  const zh = language.startsWith("zh");
  const key = `${zh} ${zone} ${withYear}`;
  const kept = formats.get(key);
  if (kept) return kept;
  const made = new Intl.DateTimeFormat(zh ? "zh-CN" : "en-GB", {
    ...(withYear && { year: "numeric" }),
    month: zh ? "2-digit" : "short",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
    timeZone: zone,
  });
  formats.set(key, made);
  return made;
}

/** An instant as people of a zone write it. */
export function written(at: string, language: string, zone = "Asia/Shanghai"): string {
  const instant = new Date(at);
  return format(language, zone, instant.getFullYear() !== new Date().getFullYear()).format(instant);
}

/** An instant, in the zone of the unit or customer whom it concerns; in full on hovering. */
export function Instant({ at, zone }: { at: string | null | undefined; zone?: string | undefined }) {
  const { i18n } = useTranslation();
  if (!at) return <span aria-hidden>—</span>;
  const full = new Intl.DateTimeFormat(i18n.language, {
    dateStyle: "full",
    timeStyle: "long",
    timeZone: zone ?? "Asia/Shanghai",
  });
  return (
    <time dateTime={at} title={full.format(new Date(at))}>
      {written(at, i18n.language, zone)}
    </time>
  );
}

/** The parts of a length of time that people say: two at most. */
export function spoken(milliseconds: number): { d: number; h: number; m: number; s: number } {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  return {
    d: Math.floor(seconds / 86400),
    h: Math.floor(seconds / 3600) % 24,
    m: Math.floor(seconds / 60) % 60,
    s: seconds % 60,
  };
}

const SOON = 2 * 3_600_000;

/** How long is left until a limit, or how late it is; by colour and by words. */
export function Countdown({
  due,
  zone,
  paused,
}: {
  due: string | null | undefined;
  zone?: string | undefined;
  paused?: boolean;
}) {
  const { t, i18n } = useTranslation("kit");
  const present = useNow();
  if (!due) return <span aria-hidden>—</span>;
  const left = Date.parse(due) - present;
  const { d, h, m, s } = spoken(left);
  const length = d ? t("time.dh", { d, h }) : h ? t("time.hm", { h, m }) : t("time.ms", { m, s });
  const late = left < 0;
  const colour = paused ? "default" : late ? "red" : left < SOON ? "orange" : "green";
  const text = paused ? t("time.paused") : late ? t("time.late", { length }) : t("time.left", { length });
  return (
    <Tooltip title={written(due, i18n.language, zone)}>
      <Tag color={colour} className="countdown" data-late={late}>
        {text}
      </Tag>
    </Tooltip>
  );
}
