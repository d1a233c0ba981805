import { CopyOutlined } from "@ant-design/icons";
import { App, Button, Card, Result, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import type { CommandAnswer } from "@/kit/command";
import { useKeys } from "@/kit/keys";
import { useNames } from "@/kit/names";
import { Failed } from "@/kit/states";
import { Countdown } from "@/kit/time";
import type { Queue } from "./files";

/** The number, large, to be told to the caller and copied; what became of the documents; and where to go on. */
export function Sent({ answer, queue, onAnother }: { answer: CommandAnswer; queue: Queue; onAnother: () => void }) {
  const { t } = useTranslation(["desk", "kit"]);
  const { message } = App.useApp();
  const names = useNames();
  const go = useNavigate();
  const { order, lead, due_at: due } = answer;
  const copy = () =>
    void navigator.clipboard.writeText(order.id).then(
      () => message.success(t("kit:copied")),
      () => message.error(t("sent.notCopied")),
    );
  const whistle = `/orders/${order.id}?do=request_whistle`;
  useKeys({
    n: onAnother,
    c: copy,
    o: () => void go(`/orders/${order.id}`),
    w: () => void go(whistle),
    l: () => void go("/desk"),
  });
  const refused = queue.files.some((one) => one.step === "refused");
  return (
    <Card className="desk-sent">
      <Result
        status="success"
        title={
          <>
            <div>{t("sent.title")}</div>
            <div className="desk-number" role="status" data-number={order.id}>
              {order.id}
            </div>
          </>
        }
        subTitle={
          <span>
            {lead ? t("sent.with", { unit: names.unit(lead) }) : t("sent.nobody")}{" "}
            {due && (
              <>
                · {t("sent.due")} <Countdown due={due} zone={names.zone(lead || order.province)} />
              </>
            )}
          </span>
        }
        extra={
          <div className="desk-next">
            <Button icon={<CopyOutlined />} onClick={copy} autoFocus>
              {t("sent.copy")} <kbd>c</kbd>
            </Button>
            <Button type="primary" onClick={onAnother}>
              {t("sent.another")} <kbd>n</kbd>
            </Button>
            <Link to={`/orders/${order.id}`}>
              {t("sent.open")} <kbd>o</kbd>
            </Link>
            <Link to={whistle}>
              {t("sent.whistle")} <kbd>w</kbd>
            </Link>
            <Link to="/desk">
              {t("sent.list")} <kbd>l</kbd>
            </Link>
          </div>
        }
      />
      {queue.files.length > 0 && (
        <ul className="desk-files" aria-label={t("files.title")}>
          {queue.files.map((one) => (
            <li key={one.key} data-step={one.step}>
              {one.file.name} <Tag>{t(`files.${one.step}`)}</Tag>
              {one.problem && <Failed error={one.problem} />}
            </li>
          ))}
        </ul>
      )}
      {refused && <Button onClick={() => void queue.sendAll(order.id)}>{t("files.again")}</Button>}
    </Card>
  );
}
