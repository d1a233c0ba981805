import { Alert } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Refused } from "@/kit/form/Refused";
import type { Deed } from "./useDeeds";

/** What became of the last command on an entry, beside the entry as it now is. */
export function Said({ deed, state, zone }: { deed: Deed | undefined; state: string; zone: string }) {
  const { t } = useTranslation("verbs");
  if (!deed || deed.state === "running") return null;
  if (deed.problem) return <Refused problem={deed.problem} state={state} zone={zone} />;
  return <Done>{t(`verb.${deed.verb}.done`)}</Done>;
}

/** Milliseconds for which it is said that something was done. */
const SAID = 8000;

/** Said for a while: the entry itself goes on showing how it stands. */
function Done({ children }: { children: string }) {
  const [there, setThere] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setThere(false), SAID);
    return () => clearTimeout(timer);
  }, []);
  return there && <Alert type="success" showIcon role="status" title={children} />;
}
