import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { Refused } from "@/kit/form/Refused";
import type { Deed } from "./useDeeds";

/** What became of the last command on an entry, beside the entry as it now is. */
export function Said({ deed, state, zone }: { deed: Deed | undefined; state: string; zone: string }) {
  const { t } = useTranslation("verbs");
  if (!deed || deed.state === "running") return null;
  if (deed.problem) return <Refused problem={deed.problem} state={state} zone={zone} />;
  return <Alert type="success" showIcon role="status" title={t(`verb.${deed.verb}.done`)} />;
}
