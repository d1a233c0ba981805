import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { usePolicy, usePolicyVersion } from "./names";

interface Both {
  zh: string;
  en: string;
}

/** The sections of a policy whose codes operators name themselves. */
export type Labelled =
  "categories" | "whistle_matters" | "decline_grounds" | "classes" | "tiers" | "priorities" | "areas" | "channels";

type Document = Partial<Record<Labelled, unknown>> & { labels?: Partial<Record<string, Record<string, Both>>> };

const codesOf = (section: unknown): string[] =>
  Array.isArray(section) ? section.map(String) : Object.keys((section ?? {}) as object);

/**
 * What the policy in force calls its codes, and which codes of a section there are; a code without a name stands for
 * itself. With a `version` the same of that one, by which an order may run.
 */
export function useLabels(version = "") {
  const { i18n } = useTranslation();
  const zh = i18n.language.startsWith("zh");
  const current = usePolicy().data;
  const older = usePolicyVersion(version === current?.version ? "" : version).data;
  const document = (older?.document ?? current?.document) as Document | undefined;
  return useMemo(() => {
    const named = (section: Labelled, code: string): string => {
      const found = document?.labels?.[section]?.[code];
      return found ? (zh ? found.zh : found.en) : code;
    };
    return {
      of: named,
      /** The codes of a section, in the policy's order: those that it lists, else those that it names. */
      codes: (section: Labelled): string[] => {
        const listed = codesOf(document?.[section]);
        return listed.length ? listed : codesOf(document?.labels?.[section]);
      },
    };
  }, [document, zh]);
}
