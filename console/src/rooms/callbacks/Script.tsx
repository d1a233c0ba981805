import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language } from "@/kit/texts";
import type { Question } from "./outcome";

export interface ScriptProps {
  /** What the department has replied; '' where no reply came in time. */
  reply: string;
  complaint: string;
  /** The question that is asked now. */
  asked: Question | undefined;
  sad: boolean;
  agent: string;
  expiry: boolean;
}

/** What to say, in the customer's language: the greeting, the reply, the questions, and what follows which answer. */
export function Script({ reply, complaint, asked, sad, agent, expiry }: ScriptProps) {
  const { t, i18n } = useTranslation("callbacks");
  const [language, setLanguage] = useState<Language>(i18n.language.startsWith("zh") ? "zh" : "en");
  const say = i18n.getFixedT(language, "callbacks");
  return (
    <section className="calls-script" aria-label={t("script.title")}>
      <div className="calls-head">
        <h2>{t("script.title")}</h2>
        <Segmented<Language>
          aria-label={t("script.language")}
          value={language}
          onChange={setLanguage}
          options={LANGUAGES.map((value) => ({ value, label: t(`script.${value}`) }))}
        />
      </div>
      <div lang={language}>
        <p>{say("script.greeting", { agent })}</p>
        <p className="calls-quiet">{say("script.about")}</p>
        <blockquote>{complaint || say("script.no_complaint")}</blockquote>
        <p>{expiry ? say("script.late") : say("script.reply")}</p>
        {reply && <blockquote data-reply>{reply}</blockquote>}
        <ol>
          {(["contacted", "solved", "satisfaction"] as const)
            .filter((one) => !(expiry && one === "satisfaction"))
            .map((one) => (
              <li key={one} data-now={one === asked}>
                {say(`script.ask.${one}`)}
              </li>
            ))}
        </ol>
        <p data-now={sad}>
          <strong>{say("script.when_unhappy")}</strong> {say("script.unhappy")}
        </p>
        <p>
          <strong>{say("script.when_refused")}</strong> {say("script.refused")}
        </p>
        <p>{say("script.farewell")}</p>
      </div>
    </section>
  );
}
