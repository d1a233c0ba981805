import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, data, type Schemas, send } from "@/kit/api";
import { useCommand } from "@/kit/command";
import { Answer, Failed } from "@/kit/states";
import { StateTag } from "@/kit/tags";
import { Countdown, Instant } from "@/kit/time";
import type { Problem } from "@/kit/problem";
import type { Draft } from "./draft";
import { useLater } from "./later";

type Line = Schemas["OrderLine"];
const LEAST_DIGITS = 7;
const LEAST_TITLE = 4;
const HIS = 8;

/** Whom a draft is about, once it is worth asking. */
const digits = (phone: string): string => (phone.replace(/\D/g, "").length >= LEAST_DIGITS ? phone.trim() : "");

interface Props {
  draft: Draft;
  /** The caller's matter went to an order that was there already. */
  onInstead: (order: string, verb: "urge" | "follow") => void;
}

/** What was said before: what may be the same matter, and the customer's other orders. */
export function Before({ draft, onInstead }: Props) {
  const { t } = useTranslation("desk");
  const asked = useLater({
    customer: digits(draft.phone),
    title: draft.title.trim(),
    category: draft.category,
    province: draft.province,
  });
  const worth = Boolean(asked.customer || (asked.category && asked.province && asked.title.length >= LEAST_TITLE));
  const similar = useQuery({
    queryKey: ["orders", "similar", asked],
    queryFn: async () => (await data(api.POST("/v1/orders/similar", { body: { ...asked, rehearsal: false } }))).items,
    enabled: worth,
    placeholderData: keepPreviousData,
  });
  const his = useQuery({
    queryKey: ["orders", "his", asked.customer],
    queryFn: async () => {
      const body = {
        customer: asked.customer,
        text: "",
        sort: "newest",
        cursor: "",
        limit: HIS,
        rehearsal: false,
      } as const;
      return (await data(api.POST("/v1/orders/search", { body }))).items;
    },
    enabled: Boolean(asked.customer),
  });
  const alike = new Set((worth ? similar.data : undefined)?.filter(isAlike).map((one) => one.order.order_id) ?? []);
  return (
    <Card size="small" title={<h2 className="desk-panel">{t("before.title")}</h2>} className="desk-before">
      {!worth ? (
        <Typography.Text type="secondary">{t("before.none")}</Typography.Text>
      ) : (
        <>
          <h3>{t("before.same")}</h3>
          <Answer of={similar} empty={t("before.noneAlike")} isEmpty={(found) => !found.some(isAlike)}>
            {(found) => (
              <ul className="desk-lines" aria-live="polite" aria-label={t("before.same")}>
                {found.filter(isAlike).map((one) => (
                  <Alike key={one.order.order_id} one={one} draft={draft} onInstead={onInstead} />
                ))}
              </ul>
            )}
          </Answer>
          {asked.customer && (
            <>
              <h3>{t("before.his")}</h3>
              <Answer of={his} empty={t("before.newCustomer")}>
                {(found) => (
                  <ul className="desk-lines" aria-label={t("before.his")}>
                    {found
                      .filter((line) => !alike.has(line.order_id))
                      .map((line) => (
                        <li key={line.order_id}>
                          <Told line={line} />
                        </li>
                      ))}
                  </ul>
                )}
              </Answer>
            </>
          )}
        </>
      )}
    </Card>
  );
}

/** Enough speaks for its being the same matter: like words, or the same customer and category. */
const isAlike = ({ why }: Schemas["SimilarOrder"]): boolean =>
  why.includes("similar_title") || (why.includes("same_customer") && why.includes("same_category"));

function Told({ line }: { line: Line }) {
  return (
    <>
      <div className="desk-line-head">
        <Link to={`/orders/${line.order_id}`} target="_blank" rel="noopener">
          {line.order_id}
        </Link>
        <StateTag state={line.state} />
        {line.due_at && !line.over ? <Countdown due={line.due_at} /> : <Instant at={line.registered_at} />}
      </div>
      <div className="desk-line-title">
        {line.title} <Typography.Text type="secondary">{line.customer_name}</Typography.Text>
      </div>
    </>
  );
}

function Alike({ one, draft, onInstead }: { one: Schemas["SimilarOrder"]; draft: Draft } & Pick<Props, "onInstead">) {
  const { t } = useTranslation(["desk", "verbs"]);
  const { message } = App.useApp();
  const queries = useQueryClient();
  const urge = useCommand();
  const id = one.order.order_id;
  const follow = useMutation<unknown, Problem>({
    mutationFn: () => send("POST", `/v1/orders/${id}/follow`, {}),
    onSuccess: () => {
      void message.success(t("before.followed", { number: id }));
      void queries.invalidateQueries({ queryKey: ["orders"] });
      onInstead(id, "follow");
    },
  });
  const open = one.why.includes("open");
  return (
    <li data-order={id}>
      <Told line={one.order} />
      <div className="desk-why">
        {one.why.map((why) => (
          <Tag key={why}>{t(`before.why.${why}`)}</Tag>
        ))}
      </div>
      <div className="desk-line-does">
        {open && (
          <Button
            size="small"
            type="primary"
            ghost
            loading={urge.isPending}
            onClick={() =>
              urge.mutate(
                { orderId: id, verb: "urge", body: { text: draft.text.trim() || draft.title.trim() } },
                {
                  onSuccess: () => {
                    void message.success(t("before.urged", { number: id }));
                    onInstead(id, "urge");
                  },
                },
              )
            }
          >
            {t("before.urge")}
          </Button>
        )}
        <Button size="small" loading={follow.isPending} onClick={() => follow.mutate()}>
          {t("before.follow")}
        </Button>
      </div>
      {urge.error && <Failed error={urge.error} />}
      {follow.error && <Failed error={follow.error} />}
    </li>
  );
}
