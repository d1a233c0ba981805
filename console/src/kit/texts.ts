import i18next from "i18next";
import { initReactI18next } from "react-i18next";

export const LANGUAGES = ["zh", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const KEPT = "whistle.language";
const files = import.meta.glob<Record<string, unknown>>("../texts/*/*.json", { eager: true, import: "default" });

function resources(): Record<string, Record<string, Record<string, unknown>>> {
  const found: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const [path, texts] of Object.entries(files)) {
    const [, language = "", room = ""] = /texts\/(\w+)\/(\w+)\.json$/.exec(path) ?? [];
    (found[language] ??= {})[room] = texts;
  }
  return found;
}

function first(): Language {
  const asked = new URLSearchParams(location.search).get("lang") ?? localStorage.getItem(KEPT) ?? navigator.language;
  return asked.startsWith("en") ? "en" : "zh";
}

/** Make the texts of both languages ready; each room's file is a namespace. */
export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: resources(),
    lng: first(),
    fallbackLng: false,
    defaultNS: "kit",
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = i18next.language;
}

/** Go on in that language, here and on the next visit. */
export function speak(language: Language): void {
  localStorage.setItem(KEPT, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}
