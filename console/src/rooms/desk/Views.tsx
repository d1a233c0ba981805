import { DeleteOutlined, DownOutlined, LinkOutlined, SaveOutlined } from "@ant-design/icons";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Popover } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, type Schemas } from "@/kit/api";
import { USUAL } from "@/kit/orderColumns";
import type { Problem } from "@/kit/problem";
import { Answer, Failed } from "@/kit/states";
import { addressOf, type Address } from "./filters";

const KEY = ["views"];

/** The views that one keeps for oneself: taken, added, let go; and the link to what one sees now. */
export function Views({ address }: { address: Address }) {
  const { t } = useTranslation(["desk", "kit"]);
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  return (
    <Popover
      trigger="click"
      open={open}
      onOpenChange={setOpen}
      placement="bottomRight"
      content={open ? <Kept address={address} onTaken={() => setOpen(false)} /> : null}
      title={
        <div className="desk-views-head">
          <span>{t("views.title")}</span>
          <Button
            size="small"
            icon={<LinkOutlined />}
            onClick={() =>
              void navigator.clipboard.writeText(location.href).then(() => message.success(t("kit:copied")))
            }
          >
            {t("views.link")}
          </Button>
        </div>
      }
    >
      <Button icon={<DownOutlined />} iconPlacement="end" aria-haspopup="dialog">
        {t("views.title")}
      </Button>
    </Popover>
  );
}

function Kept({ address, onTaken }: { address: Address; onTaken: () => void }) {
  const { t } = useTranslation("desk");
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const views = useQuery({ queryKey: KEY, queryFn: async () => (await data(api.GET("/v1/views"))).items });
  const changed = () => queries.invalidateQueries({ queryKey: KEY });
  const keep = useMutation<unknown, Problem>({
    mutationFn: () => {
      const { following = false, ...filters } = address.filters;
      const body: Schemas["ViewRequest"] = {
        room: "desk",
        name: name.trim(),
        filters: { ...filters, text: undefined, following } as Schemas["ViewRequest"]["filters"],
        columns: [...(address.columns ?? USUAL)],
        place: views.data?.length ?? 0,
      };
      return data(api.PUT("/v1/views/{view_id}", { params: { path: { view_id: crypto.randomUUID() } }, body }));
    },
    onSuccess: () => {
      setName("");
      void changed();
    },
  });
  const drop = useMutation<unknown, Problem, string>({
    mutationFn: (id) => data(api.DELETE("/v1/views/{view_id}", { params: { path: { view_id: id } } })),
    onSuccess: changed,
  });
  return (
    <div className="desk-views">
      <Answer of={views} empty={t("views.none")}>
        {(found) => (
          <ul>
            {found.map((view) => (
              <li key={view.id}>
                <Button
                  type="text"
                  onClick={() => {
                    address.replace(addressOf(view));
                    onTaken();
                  }}
                >
                  {view.name}
                </Button>
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  aria-label={t("views.drop", { name: view.name })}
                  onClick={() => drop.mutate(view.id)}
                />
              </li>
            ))}
          </ul>
        )}
      </Answer>
      {keep.error && <Failed error={keep.error} />}
      {drop.error && <Failed error={drop.error} />}
      {address.filters.text && <p className="desk-views-note">{t("views.wordless")}</p>}
      <form
        className="desk-views-keep"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) keep.mutate();
        }}
      >
        <Input
          value={name}
          maxLength={60}
          aria-label={t("views.name")}
          placeholder={t("views.name")}
          onChange={(event) => setName(event.target.value)}
        />
        <Button htmlType="submit" icon={<SaveOutlined />} disabled={!name.trim()} loading={keep.isPending}>
          {t("views.keep")}
        </Button>
      </form>
    </div>
  );
}
