import { useTranslation } from "react-i18next";
import { type Figures as Found, raised } from "./wall";

/** The figures of a place, large. */
export function Figures({ of, lng }: { of: Found; lng?: string }) {
  const { t } = useTranslation("wall", lng ? { lng } : {});
  const shown = [
    ["open", of.open],
    ["overdue", of.overdue],
    ["raised", raised(of)],
    ["unreported", of.unreported],
    ["unsigned", of.unsigned],
    ["breaches", of.breaches],
    ["registered", of.registered],
    ["closed", of.closed],
  ] as const;
  return (
    <dl className="figures">
      {shown.map(([name, count]) => (
        <div key={name} data-figure={name}>
          <dt>{t(`figure.${name}`)}</dt>
          <dd>{count}</dd>
        </div>
      ))}
    </dl>
  );
}

/** How many open orders stand at each level, from headquarters down. */
export function Levels({ of }: { of: Found }) {
  const { t } = useTranslation("wall");
  const { t: word } = useTranslation("verbs");
  return (
    <ul className="levels" aria-label={t("levels")}>
      {of.levels
        .map((count, level) => ({ count, level }))
        .slice(1)
        .toReversed()
        .map(({ count, level }) => (
          <li key={level} data-level={level}>
            <span className={`level level-${level}`}>{word(`level.${level}`)}</span> <strong>{count}</strong>
          </li>
        ))}
    </ul>
  );
}
