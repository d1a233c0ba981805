import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ClockAccount, useClockAccount } from "@/kit/ClockAccount";
import { Answer } from "@/kit/states";
import type { Breach } from "./wall";

/** Why a limit was missed: which hours counted, what paused it, and who held the order meanwhile. */
export function Why({ breach, onClose }: { breach: Breach | null; onClose: () => void }) {
  const { t } = useTranslation(["wall", "verbs"]);
  const title = breach ? t("why.title", { clock: t(`verbs:clock.${breach.clock}`) }) : "";
  return (
    <Drawer open={breach !== null} onClose={onClose} title={title} size={560} destroyOnHidden>
      {breach && <Explained breach={breach} />}
    </Drawer>
  );
}

function Explained({ breach }: { breach: Breach }) {
  const found = useClockAccount(breach.order_id, breach.key);
  return (
    <Answer of={found}>
      {(account) => (
        <>
          <p>
            <Link to={`/orders/${breach.order_id}`}>{breach.order_id}</Link>
          </p>
          <ClockAccount of={account} />
        </>
      )}
    </Answer>
  );
}
