import { Component, type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { Loading } from "@/kit/states";
import { spoken, useNow } from "@/kit/time";
import { Figures } from "./Figures";
import { TileMap } from "./Map";
import { coverage, percent, RATES, type Wall, useWall } from "./wall";
import "./floor.css";
import "./wall.css";

const EVERY = 5_000;
/** After so long without an answer what is shown is called old. */
const OLD = 20_000;
const TURNS = 20_000;
const AGAIN = 10_000;

/**
 * The floor view for a big screen, left on for weeks: it asks again by itself, keeps what it last knew and says since
 * when that is, and loads itself anew where it broke.
 */
export default function Floor() {
  return (
    <Unbroken>
      <Screen />
    </Unbroken>
  );
}

class Unbroken extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidCatch() {
    setTimeout(() => location.reload(), AGAIN);
  }

  override render() {
    return this.state.broken ? <Loading /> : this.props.children;
  }
}

/** The language of the screen: the one that the address names, else both in turns. */
function useLanguage(): string {
  const asked = useSearchParams()[0].get("lang");
  const now = useNow();
  if (asked === "zh" || asked === "en") return asked;
  return Math.floor(now / TURNS) % 2 ? "en" : "zh";
}

/** Keep the screen from going dark, where the browser can. */
function useAwake() {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    const hold = () => {
      if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
      navigator.wakeLock.request("screen").then(
        (held) => (lock = held),
        () => undefined,
      );
    };
    hold();
    document.addEventListener("visibilitychange", hold);
    return () => {
      document.removeEventListener("visibilitychange", hold);
      void lock?.release();
    };
  }, []);
}

function Screen() {
  const lng = useLanguage();
  const { t } = useTranslation("wall", { lng });
  const [search] = useSearchParams();
  const wall = useWall(search.get("place") ?? "", 1, EVERY);
  const now = useNow();
  useAwake();
  useEffect(() => {
    document.title = `${t("floor.title")} · Whistle`;
    document.documentElement.lang = lng;
  }, [t, lng]);
  const found = wall.data;
  const since = now - wall.dataUpdatedAt; // by one clock: the server may have another time
  const old = Boolean(found) && (since > OLD || wall.isError);
  return (
    <main className="floor" lang={lng} data-lang={lng}>
      <header>
        <h1>{found ? nameOf(found, lng) : t("floor.title")}</h1>
        <Clock at={now} lng={lng} zone={found?.zone ?? "Asia/Shanghai"} />
      </header>
      <p className={old ? "floor-old" : "floor-fresh"} role="status" data-old={old}>
        {!found
          ? wall.isError
            ? t("floor.waiting")
            : t("floor.first")
          : old
            ? t("floor.old", { time: clock(Date.parse(found.at), lng, found.zone) })
            : t("floor.fresh")}
      </p>
      {found && <Shown found={found} lng={lng} now={now} />}
    </main>
  );
}

const nameOf = (wall: Wall, lng: string): string => {
  const place = wall.places.find((one) => one.id === wall.place);
  return place ? (lng === "zh" ? place.zh : place.en) : wall.place;
};

const clock = (at: number, lng: string, zone: string): string =>
  new Intl.DateTimeFormat(lng === "zh" ? "zh-CN" : "en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hour12: false,
    timeZone: zone,
  }).format(at);

function Clock({ at, lng, zone }: { at: number; lng: string; zone: string }) {
  const day = new Intl.DateTimeFormat(lng === "zh" ? "zh-CN" : "en-GB", {
    month: "long",
    day: "numeric",
    weekday: "long",
    timeZone: zone,
  });
  return (
    <time className="floor-clock" dateTime={new Date(at).toISOString()}>
      <span>{clock(at, lng, zone)}</span>
      <small>{day.format(at)}</small>
    </time>
  );
}

function Shown({ found, lng, now }: { found: Wall; lng: string; now: number }) {
  const { t } = useTranslation("wall", { lng });
  const rates = found.total.rates;
  const shares = [
    ...RATES.map((name) => ({ name, share: rates[name] })),
    { name: "coverage" as const, share: coverage(rates) },
  ];
  return (
    <>
      <Figures of={found.total} lng={lng} />
      <div className="floor-middle">
        <section aria-label={t("map.title")}>
          <TileMap places={found.places} lng={lng} />
        </section>
        <section>
          <h2>{t("floor.worst")}</h2>
          <Worst found={found} lng={lng} now={now} />
        </section>
      </div>
      <dl className="floor-rates">
        {shares.map(({ name, share }) => (
          <div key={name}>
            <dt>{t(`rate.${name}`)}</dt>
            <dd>{percent(share) === null ? "—" : `${percent(share)}%`}</dd>
            <dd className="floor-of">{t("rate.of", share)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Worst({ found, lng, now }: { found: Wall; lng: string; now: number }) {
  const { t } = useTranslation("wall", { lng });
  const { t: kit } = useTranslation("kit", { lng });
  const { t: word } = useTranslation("verbs", { lng });
  if (!found.worst.length) return <p className="floor-calm">{t("floor.calm")}</p>;
  return (
    <ol className="floor-worst">
      {found.worst.map((line) => {
        const left = line.due_at ? Date.parse(line.due_at) - now : null;
        const { d, h, m, s } = spoken(left ?? 0);
        const length = d ? kit("time.dh", { d, h }) : h ? kit("time.hm", { h, m }) : kit("time.ms", { m, s });
        return (
          <li key={line.order_id}>
            <span className={`level level-${line.level}`}>{line.level}</span>
            <span className="floor-unit">{lng === "zh" ? line.zh : line.en}</span>
            <span className="floor-what">{line.clock && word(`clock.${line.clock}`)}</span>
            <span className={left !== null && left < 0 ? "floor-late" : "floor-left"}>
              {left === null ? "—" : kit(left < 0 ? "time.late" : "time.left", { length })}
            </span>
            <span className="floor-number">{line.order_id}</span>
          </li>
        );
      })}
    </ol>
  );
}
