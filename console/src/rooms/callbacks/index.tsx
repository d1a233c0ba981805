import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useNavigate, useParams } from "react-router";
import type { CommandAnswer } from "@/kit/command";
import { Page } from "@/kit/Page";
import { useMe } from "@/kit/session";
import { Answer, Nothing } from "@/kit/states";
import { After } from "./After";
import { Call } from "./Call";
import "./callbacks.css";
import { Queue } from "./Queue";
import { type CallLine, isOpen, useQueue } from "./queue";

/** Whom to call back, when, what to say, and the outcome; after each call the next one comes up. */
export default function Callbacks() {
  const { t } = useTranslation(["callbacks", "kit"]);
  const go = useNavigate();
  const here = useParams()["*"] ?? "";
  const { pages, lines, now, ready, later } = useQueue();
  const [after, setAfter] = useState<{ answer: CommandAnswer; line: CallLine }>();
  const found = lines?.find((line) => line.order_id === here);
  // A line that leaves the queue while somebody is on the telephone stays on his page.
  const [kept, setKept] = useState<CallLine>();
  if (found && found !== kept) setKept(found);
  const line = found ?? (kept?.order_id === here ? kept : undefined);

  // Whoever calls begins with the first, but not again with the one just recorded that the list has not yet let go.
  const agent = useMe().role === "callback_agent";
  const recorded = (one: CallLine) => one.order_id === after?.line.order_id && one.attempts === after.line.attempts;
  const first = agent && !here ? ready.find((one) => !recorded(one)) : undefined;

  const next = (but = here) => {
    const other = ready.find((one) => one.order_id !== but);
    void go(other ? `/callbacks/${other.order_id}` : "/callbacks");
  };
  return (
    <Page title={t("kit:room.callbacks")}>
      {first && <Navigate to={`/callbacks/${first.order_id}`} replace />}
      {after && <After answer={after.answer} line={after.line} onClose={() => setAfter(undefined)} />}
      <Answer of={{ ...pages, data: lines }} isEmpty={(all) => all.length === 0 && !line} empty={t("empty")}>
        {() => (
          <div className="calls" data-open={Boolean(line)}>
            <Queue
              ready={ready}
              later={later}
              here={here}
              more={pages.hasNextPage ? () => void pages.fetchNextPage() : undefined}
              reading={pages.isFetchingNextPage}
            />
            <div className="calls-now">
              {line ? (
                <Call
                  key={line.order_id}
                  line={line}
                  open={isOpen(line, now)}
                  there={found !== undefined}
                  onNext={next}
                  onDone={(answer, done) => {
                    setAfter({ answer, line: done });
                    next(done.order_id);
                  }}
                />
              ) : (
                <Nothing>{here ? t("gone") : t("choose")}</Nothing>
              )}
            </div>
          </div>
        )}
      </Answer>
    </Page>
  );
}
