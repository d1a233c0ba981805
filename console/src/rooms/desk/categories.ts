import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { usePolicy } from "@/kit/names";

interface Labels {
  categories?: Record<string, { zh: string; en: string }>;
}

export interface CategoryChoice {
  value: string;
  label: string;
  /** By what it is found: its code, both names, and the first letters of the Chinese one's syllables. */
  words: string;
}

/** The first character, in the order of syllables, whose reading begins with each letter. */
const FIRSTS = "阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥扨它穵夕丫帀";
const LETTERS = "abcdefghjklmnopqrstwxyz";
const ORDER = new Intl.Collator("zh-CN-u-co-pinyin");

/** The first letters of a Chinese text's syllables: 网络故障 is `wlgz`. */
export function initials(text: string): string {
  let found = "";
  for (const character of text) {
    if (!/\p{Script=Han}/u.test(character)) continue;
    let at = -1;
    for (const first of FIRSTS) {
      if (ORDER.compare(character, first) < 0) break;
      at += 1;
    }
    found += LETTERS[at] ?? "";
  }
  return found;
}

/** The categories by their names, found by code, Chinese, English or the first letters of the syllables. */
export function useCategoryChoices() {
  const { i18n } = useTranslation();
  const document = usePolicy().data?.document;
  const zh = i18n.language.startsWith("zh");
  return useMemo(() => {
    const labels = ((document?.labels ?? {}) as Labels).categories ?? {};
    const options = Object.entries(labels).map(([value, both]): CategoryChoice => ({
      value,
      label: zh ? both.zh : both.en,
      words: `${value} ${both.zh} ${both.en} ${initials(both.zh)}`.toLowerCase(),
    }));
    const matches = (typed: string, option?: CategoryChoice) =>
      Boolean(option?.words.includes(typed.trim().toLowerCase()));
    return { options, matches };
  }, [document, zh]);
}
