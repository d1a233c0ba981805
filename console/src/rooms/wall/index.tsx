import { DesktopOutlined } from "@ant-design/icons";
import { Breadcrumb, Button, Card } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { useNames } from "@/kit/names";
import { OrdersTable } from "@/kit/OrdersTable";
import { Page } from "@/kit/Page";
import { Answer } from "@/kit/states";
import { Instant } from "@/kit/time";
import { Act, type Deed } from "./Act";
import { Decisions } from "./Decisions";
import { Figures, Levels } from "./Figures";
import { Breaches, Unreported, Unsigned } from "./Lists";
import { Load } from "./Load";
import { TileMap } from "./Map";
import { Rates } from "./Rates";
import { type Breach, periodOf, type PlaceLine, useWall, type Wall as Found } from "./wall";
import { Why } from "./Why";
import "./wall.css";

/** The supervisor's wall of one's place, or of one below it that the address names. */
export default function Wall() {
  const { t } = useTranslation("wall");
  const names = useNames();
  const go = useNavigate();
  const { "*": asked = "" } = useParams();
  const [search, setSearch] = useSearchParams();
  const days = periodOf(search.get("days"));
  const own = useWall("", days);
  const place = asked || own.data?.place || "";
  const query = search.size ? `?${search.toString()}` : "";
  const named = names.unit(place);
  return (
    <Page
      title={place ? t("title", { place: named }) : t("plain")}
      actions={
        <Button
          icon={<DesktopOutlined />}
          href="/floor"
          onClick={(event) => {
            event.preventDefault();
            void go("/floor");
          }}
        >
          {t("floor.enter")}
        </Button>
      }
    >
      <Answer of={own}>
        {(whole) => (
          <>
            <Path places={whole.places} place={place} query={query} />
            <div className="wall-top">
              <Card size="small" title={<h2>{t("map.title")}</h2>}>
                <TileMap places={whole.places} chosen={place} to={(one) => `/wall/${one}${query}`} />
              </Card>
              <Below
                place={asked === whole.place ? "" : asked}
                days={days}
                onDays={(chosen) => setSearch(chosen === 1 ? {} : { days: String(chosen) })}
                part="top"
              />
            </div>
            <Below place={asked === whole.place ? "" : asked} days={days} part="rest" />
          </>
        )}
      </Answer>
    </Page>
  );
}

/** From the top of what one sees down to the place that is looked at. */
function Path({ places, place, query }: { places: readonly PlaceLine[]; place: string; query: string }) {
  const names = useNames();
  const { t } = useTranslation("wall");
  const known = new Map(places.map((one) => [one.id, one]));
  const path: PlaceLine[] = [];
  for (let one = known.get(place); one; one = known.get(one.parent)) path.unshift(one);
  if (path.length < 2) return null;
  return (
    <nav aria-label={t("path")}>
      <Breadcrumb
        className="spaced"
        items={path.map((one) => ({
          key: one.id,
          title:
            one.id === place ? names.unit(one.id) : <Link to={`/wall/${one.id}${query}`}>{names.unit(one.id)}</Link>,
        }))}
      />
    </nav>
  );
}

interface BelowProps {
  place: string;
  days: ReturnType<typeof periodOf>;
  part: "top" | "rest";
  onDays?: (days: ReturnType<typeof periodOf>) => void;
}

/** What is shown of the place: beside the map its figures, below it the lists. */
function Below({ place, days, part, onDays }: BelowProps) {
  const wall = useWall(place, days);
  if (part === "rest" && !wall.data) return null;
  return (
    <Answer of={wall}>
      {(found) =>
        part === "top" ? <Top found={found} days={days} onDays={onDays ?? (() => undefined)} /> : <Rest found={found} />
      }
    </Answer>
  );
}

function Top({
  found,
  days,
  onDays,
}: {
  found: Found;
  days: BelowProps["days"];
  onDays: NonNullable<BelowProps["onDays"]>;
}) {
  const { t } = useTranslation("wall");
  return (
    <div className="wall-side">
      <Card size="small">
        <Figures of={found.total} />
        <Levels of={found.total} />
        <p className="quiet">
          {t("asof")} <Instant at={found.at} zone={found.zone} />
        </p>
      </Card>
      <Rates of={found.total.rates} days={days} onDays={onDays} />
    </div>
  );
}

function Rest({ found }: { found: Found }) {
  const { t } = useTranslation("wall");
  const [deed, setDeed] = useState<Deed | null>(null);
  const [breach, setBreach] = useState<Breach | null>(null);
  const province = found.places[0]?.kind === "province" ? found.place : "";
  return (
    <>
      <div className="wall-lists">
        <Decisions lines={found.decisions} />
        <Unreported lines={found.unreported} total={found.total.unreported} onAct={setDeed} />
        <Unsigned lines={found.unsigned} total={found.total.unsigned} onAct={setDeed} />
        <Breaches lines={found.breaches} total={found.total.breaches} onWhy={setBreach} />
      </div>
      <Load wall={found} />
      {province && (
        <Card size="small" title={<h2>{t("orders")}</h2>} className="spaced">
          <OrdersTable key={province} filters={{ province, sort: "level" }} />
        </Card>
      )}
      <Act deed={deed} onClose={() => setDeed(null)} />
      <Why breach={breach} onClose={() => setBreach(null)} />
    </>
  );
}
