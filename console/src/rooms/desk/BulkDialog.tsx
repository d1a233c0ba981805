import { Button, Modal, Progress } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { OrderLine } from "@/kit/orderPages";
import { StateTag } from "@/kit/tags";
import { type Body, ENDED, type Item, undoable, useBulk } from "./bulk";
import { BulkFields, complete, FIELDS } from "./BulkFields";

interface Props {
  verb: string;
  lines: readonly OrderLine[];
  onClose: (finished: boolean) => void;
}

/** One deed on many orders: what it asks for, what will become of each, how far it is, and what came of it. */
export function BulkDialog({ verb, lines, onClose }: Props) {
  const { t } = useTranslation(["desk", "verbs", "kit"]);
  const [body, setBody] = useState<Body>({});
  const [begun, setBegun] = useState(false);
  const bulk = useBulk(verb, lines, body);
  const label = FIELDS[verb]?.own ? t(`bulk.${verb}`) : t(`verbs:verb.${verb}.label`);
  const reading = bulk.items.some((item) => item.step === "reading");
  const ended = bulk.items.filter((item) => ENDED.includes(item.step)).length;
  const toDo = bulk.items.filter((item) => item.step !== "cannot" && item.step !== "reading").length;
  const start = () => {
    setBegun(true);
    void bulk.carryOut(bulk.ready);
  };
  return (
    <Modal
      open
      width={760}
      title={t("bulk.heading", { label, count: lines.length })}
      onCancel={() => !bulk.running && onClose(begun)}
      closable={!bulk.running}
      mask={{ closable: false }}
      footer={
        <>
          {begun && bulk.unknown.length > 0 && !bulk.running && (
            <Button onClick={() => void bulk.carryOut(bulk.unknown)}>
              {t("bulk.again", { count: bulk.unknown.length })}
            </Button>
          )}
          {begun && undoable(verb) && bulk.done.length > 0 && !bulk.running && (
            <Button onClick={() => void bulk.undo(bulk.done, t("bulk.undoReason"))}>
              {t("bulk.undo", { count: bulk.done.length })}
            </Button>
          )}
          {begun && bulk.unsure.length > 0 && !bulk.running && (
            <Button onClick={() => void bulk.undo(bulk.unsure, t("bulk.undoReason"))}>
              {t("bulk.undoAgain", { count: bulk.unsure.length })}
            </Button>
          )}
          {begun ? (
            <Button type="primary" disabled={bulk.running} onClick={() => onClose(true)}>
              {t("kit:close")}
            </Button>
          ) : (
            <>
              <Button onClick={() => onClose(false)}>{t("kit:cancel")}</Button>
              <Button type="primary" disabled={reading || !bulk.ready.length || !complete(verb, body)} onClick={start}>
                {t("bulk.go", { count: bulk.ready.length })}
              </Button>
            </>
          )}
        </>
      }
    >
      {!begun && <BulkFields verb={verb} body={body} onBody={setBody} />}
      {begun && <Progress percent={Math.round((100 * ended) / Math.max(1, toDo))} aria-label={t("bulk.progress")} />}
      {!begun && <p>{t(undoable(verb) ? "bulk.canUndo" : "bulk.noUndo")}</p>}
      <div role="status" className="desk-bulk-sum">
        {begun
          ? t("bulk.sum", { done: bulk.done.length + bulk.unsure.length + bulk.kept.length, all: toDo })
          : t("bulk.preview", { can: bulk.ready.length, all: lines.length })}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keys */}
      <ul className="desk-bulk-list" tabIndex={0} aria-label={t("bulk.each")}>
        {bulk.items.map((item) => (
          <Line key={item.line.order_id} item={item} />
        ))}
      </ul>
    </Modal>
  );
}

function Line({ item }: { item: Item }) {
  const { t } = useTranslation(["desk", "verbs"]);
  const { line, step, why, problem, view } = item;
  return (
    <li className={`desk-bulk-${step}`} data-order={line.order_id} data-step={step}>
      <span className="desk-bulk-number">{line.order_id}</span>
      <StateTag state={view?.order.state ?? line.state} />
      <span className="desk-bulk-what">
        <strong>{t(`bulk.step.${step}`)}</strong>
        {why === "state" && `: ${t("bulk.why.state", { state: t(`verbs:state.${view?.order.state ?? line.state}`) })}`}
        {why && why !== "state" && `: ${t(`bulk.why.${why}`)}`}
        {problem && `: ${problem.title}${problem.body.detail ? ` – ${problem.body.detail}` : ""}`}
      </span>
    </li>
  );
}
