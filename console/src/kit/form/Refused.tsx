import { Alert, Button, Typography } from "antd";
import { useTranslation } from "react-i18next";
import type { Problem } from "../problem";
import { StateTag } from "../tags";
import { written } from "../time";

const STAMP = /\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})/g;

/** The instants that a refusal speaks of, such as the latest that is allowed. */
export const instantsIn = (text: string): string[] => [...new Set(text.match(STAMP) ?? [])];

/** Why a command was not carried out, in the language of the page, with the state as it is and what may be done. */
export function Refused({
  problem,
  state,
  zone,
  again,
  pending,
}: {
  problem: Problem;
  /** The order's state now. */
  state: string;
  zone: string;
  /** Asks the same once more; where that is what helps. */
  again?: () => void;
  pending?: boolean;
}) {
  const { t, i18n } = useTranslation("verbs");
  const { code, body } = problem;
  const field = (body.field ?? "").split(".").at(-1) ?? "";
  const about =
    field && ["invalid_field", "invalid_request"].includes(code) && i18n.exists(`verbs:refusal_field.${field}`);
  const times = instantsIn(`${body.detail ?? ""} ${body.remedy ?? ""}`);
  return (
    <Alert
      type={problem.again ? "warning" : "error"}
      showIcon
      role="alert"
      data-code={code}
      title={problem.title}
      description={
        <>
          <p>{i18n.exists(`verbs:refusal.${code}`) ? t(`refusal.${code}`) : null}</p>
          {about && <p>{t(`refusal_field.${field}`)}</p>}
          {times.length > 0 && (
            <p>{t("word.times", { times: times.map((at) => written(at, i18n.language, zone)).join(" – ") })}</p>
          )}
          <p>
            {t("word.state_now")} <StateTag state={state} />
          </p>
          {(body.detail || body.remedy) && (
            <Typography.Paragraph type="secondary" lang="en" className="small">
              {[body.detail, body.remedy].filter(Boolean).join(" ")}
            </Typography.Paragraph>
          )}
        </>
      }
      action={
        again && (
          <Button onClick={again} loading={pending ?? false}>
            {t("word.ask_again")}
          </Button>
        )
      }
    />
  );
}
