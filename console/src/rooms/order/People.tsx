import { useMutation } from "@tanstack/react-query";
import { App, Button, Input, List, Select, Space } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { send, type Schemas } from "@/kit/api";
import { usePeople } from "@/kit/people";
import type { Problem } from "@/kit/problem";
import type { Order } from "@/kit/sentences";
import { useMe } from "@/kit/session";
import { Answer, Failed } from "@/kit/states";
import { Instant } from "@/kit/time";
import { useFollowers, useFollowing } from "./following";
import { may } from "./rights";

function CustomersLink({ order }: { order: Order }) {
  const { t } = useTranslation("order");
  const { message } = App.useApp();
  const link = useMutation<Schemas["Link"], Problem>({ mutationFn: () => send("POST", `/v1/orders/${order.id}/link`) });
  const copy = async () => {
    await navigator.clipboard.writeText(link.data?.link ?? "");
    void message.success(t("copied"));
  };
  return (
    <section aria-labelledby="link-heading">
      <h3 id="link-heading">{t("people.link")}</h3>
      <p className="quiet">{t("people.link_help")}</p>
      {link.data ? (
        <>
          <Space.Compact block>
            <Input
              readOnly
              value={link.data.link}
              aria-label={t("people.link")}
              onFocus={(event) => event.target.select()}
            />
            <Button onClick={() => void copy()}>{t("people.copy")}</Button>
          </Space.Compact>
          <p>
            {t("people.until")} <Instant at={link.data.expires_at} />
          </p>
        </>
      ) : (
        <Button onClick={() => link.mutate()} loading={link.isPending}>
          {t("people.make")}
        </Button>
      )}
      {link.error && <Failed error={link.error} />}
    </section>
  );
}

function Followers({ order }: { order: Order }) {
  const { t } = useTranslation("order");
  const me = useMe();
  const { people, name } = usePeople(order.province);
  const followers = useFollowers(order.id);
  const following = useFollowing(order.id);
  const [chosen, setChosen] = useState("");
  const invites = may(me.role, "invite") && !me.actingFor;
  return (
    <section aria-labelledby="followers-heading">
      <h3 id="followers-heading">{t("people.followers")}</h3>
      <Answer of={{ ...followers, data: followers.data?.people }} empty={t("people.none")}>
        {(ids) => (
          <List
            size="small"
            dataSource={ids}
            renderItem={(id) => (
              <List.Item
                actions={
                  invites
                    ? [
                        <Button
                          key="out"
                          size="small"
                          aria-label={t("people.remove_of", { name: name(id) })}
                          onClick={() => following.mutate({ person: id, follow: false })}
                        >
                          {t("people.remove")}
                        </Button>,
                      ]
                    : []
                }
              >
                {name(id)} <span className="quiet">{id}</span>
              </List.Item>
            )}
          />
        )}
      </Answer>
      {invites && (
        <Space wrap>
          <Select
            showSearch={{ optionFilterProp: "label" }}
            aria-label={t("people.invite")}
            placeholder={t("people.choose")}
            className="chooser"
            value={chosen || null}
            onChange={setChosen}
            options={people
              .filter((one) => one.role !== "administrator" && !followers.data?.people.includes(one.id))
              .map((one) => ({ value: one.id, label: `${name(one.id)} ${one.id}` }))}
          />
          <Button
            disabled={!chosen}
            loading={following.isPending}
            onClick={() => following.mutate({ person: chosen, follow: true }, { onSuccess: () => setChosen("") })}
          >
            {t("people.add")}
          </Button>
        </Space>
      )}
      {following.error && <Failed error={following.error} />}
    </section>
  );
}

/** Who keeps the order in sight, and the customer's own way to it. */
export function People({ order }: { order: Order }) {
  const { role } = useMe();
  return (
    <>
      {may(role, "followers") && <Followers order={order} />}
      {may(role, "link") && <CustomersLink order={order} />}
    </>
  );
}
