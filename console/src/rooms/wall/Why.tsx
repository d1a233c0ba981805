import { useQuery } from "@tanstack/react-query";
import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { send, type Schemas } from "@/kit/api";
import { useNames } from "@/kit/names";
import { Answer } from "@/kit/states";
import type { Breach } from "./wall";

/** Begins a line that belongs to the one above it. */
const DETAIL = "· ";

/** Why a limit was missed: which hours counted, what paused it, and who held the order meanwhile. */
export function Why({ breach, onClose }: { breach: Breach | null; onClose: () => void }) {
  const { t } = useTranslation("wall");
  const names = useNames();
  const title = breach ? t("why.title", { clock: names.zh ? breach.clock_zh : breach.clock_en }) : "";
  return (
    <Drawer open={breach !== null} onClose={onClose} title={title} size={560} destroyOnHidden>
      {breach && <Explained breach={breach} />}
    </Drawer>
  );
}

function Explained({ breach }: { breach: Breach }) {
  const names = useNames();
  const path = `/v1/orders/${breach.order_id}/clocks/${breach.key.split("/").map(encodeURIComponent).join("/")}`;
  const found = useQuery({
    queryKey: ["order", breach.order_id, "clock", breach.key],
    queryFn: () => send<Schemas["Explanation"]>("GET", path),
  });
  return (
    <Answer of={found}>
      {(account) => (
        <>
          <p>
            <Link to={`/orders/${breach.order_id}`}>{breach.order_id}</Link>
          </p>
          <ul className="why">
            {(names.zh ? account.zh : account.en).map((line) => (
              <li key={line} className={line.startsWith(DETAIL) ? "why-detail" : ""}>
                {line.startsWith(DETAIL) ? line.slice(DETAIL.length) : line}
              </li>
            ))}
          </ul>
        </>
      )}
    </Answer>
  );
}
