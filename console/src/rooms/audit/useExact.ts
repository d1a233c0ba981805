import { useCallback } from "react";
import { useTranslation } from "react-i18next";

/** Writes an instant to the second, with the year, as the clocks of a zone show it: an auditor rounds nothing. */
export function useExact(zone: string): (at: string | number | null | undefined) => string {
  const { i18n } = useTranslation();
  const language = i18n.language.startsWith("zh") ? "zh-CN" : "en-GB";
  return useCallback(
    (at) =>
      at === null || at === undefined || at === ""
        ? "—"
        : new Intl.DateTimeFormat(language, {
            year: "numeric",
            month: "2-digit",
            day: "2-digit",
            hour: "2-digit",
            minute: "2-digit",
            second: "2-digit",
            hour12: false,
            timeZone: zone,
          }).format(new Date(at)),
    [language, zone],
  );
}
