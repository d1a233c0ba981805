import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNames } from "@/kit/names";
import { COLUMNS, TILES } from "./tiles";
import { type PlaceLine, SIGNS, TONES, toneOf } from "./wall";

interface MapProps {
  places: readonly PlaceLine[];
  /** The place that is looked at. */
  chosen?: string;
  /** Where a place leads to; without it the map is only looked at. */
  to?: (place: string) => string;
  lng?: string;
}

/**
 * The country of the "4+31" as tiles: headquarters and regional centres above, each province where it lies. A tile
 * shows the worst that a place has, by colour, sign and number; what is outside one's place stays blank.
 */
export function TileMap({ places, chosen, to, lng }: MapProps) {
  const { t, i18n } = useTranslation("wall", lng ? { lng } : {});
  const zh = (lng ?? i18n.language) === "zh";
  const { units } = useNames();
  const known = new Map(places.map((place) => [place.id, place]));
  const above = places.filter((place) => !(place.id in TILES));
  return (
    <div className="tilemap">
      {above.length > 0 && (
        <div className="tilemap-above">
          {above.map((place) => (
            <Tile key={place.id} place={place} chosen={chosen === place.id} {...(to && { to })} {...(lng && { lng })} />
          ))}
        </div>
      )}
      <div
        className="tilemap-grid"
        role="group"
        aria-label={t("map.label")}
        style={{ gridTemplateColumns: `repeat(${COLUMNS}, minmax(0, 1fr))` }}
      >
        {Object.entries(TILES).map(([id, [column, row]]) => {
          const place = known.get(id);
          return (
            <div key={id} style={{ gridColumn: column, gridRow: row }}>
              {place ? (
                <Tile place={place} chosen={chosen === id} {...(to && { to })} {...(lng && { lng })} />
              ) : (
                <div className="tile tile-outside" aria-hidden>
                  {(zh && units.find((unit) => unit.id === id)?.name_zh) || id}
                </div>
              )}
            </div>
          );
        })}
      </div>
      <ul className="tilemap-legend" aria-label={t("map.legend")}>
        {TONES.map((tone) => (
          <li key={tone}>
            <span className={`tile-dot tile-${tone}`} aria-hidden>
              {SIGNS[tone]}
            </span>
            {t(`tone.${tone}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Tile({
  place,
  chosen,
  to,
  lng,
}: {
  place: PlaceLine;
  chosen: boolean;
  to?: (place: string) => string;
  lng?: string;
}) {
  const { t, i18n } = useTranslation("wall", lng ? { lng } : {});
  const zh = (lng ?? i18n.language) === "zh";
  const { tone, count } = toneOf(place.figures);
  const name = zh ? place.zh : place.en;
  const province = place.kind === "province";
  const { unreported, overdue, open } = place.figures;
  const label = t("map.tile", { name, unreported, overdue, open, worst: t(`tone.${tone}`) });
  const inside = (
    <>
      <span className="tile-name">{province && !zh ? place.id : name}</span>
      <span className="tile-count">
        <span aria-hidden>{SIGNS[tone]}</span> {count}
      </span>
      <span className="tile-told">{label}</span>
    </>
  );
  const className = `tile tile-${tone}${chosen ? " tile-chosen" : ""}`;
  return to ? (
    <Link
      className={className}
      data-kind={place.kind}
      to={to(place.id)}
      title={label}
      aria-current={chosen || undefined}
    >
      {inside}
    </Link>
  ) : (
    <div className={className} data-kind={place.kind}>
      {inside}
    </div>
  );
}
