import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { CommandForm } from "@/kit/form/CommandForm";
import type { Values } from "@/kit/form/fields";
import { useOrder } from "@/kit/order";
import { Answer } from "@/kit/states";
import { LevelTag, StateTag } from "@/kit/tags";

/** What is to be done to an order, and what its form begins with. */
export interface Deed {
  orderId: string;
  verb: string;
  given: Values;
}

/** The form of a verb beside the wall, for the order as it now stands. */
export function Act({ deed, onClose }: { deed: Deed | null; onClose: () => void }) {
  const { t } = useTranslation("verbs");
  return (
    <Drawer
      open={deed !== null}
      onClose={onClose}
      title={deed ? t(`verb.${deed.verb}.label`) : ""}
      size={480}
      destroyOnHidden
    >
      {deed && <Form key={`${deed.orderId}/${deed.verb}`} deed={deed} onClose={onClose} />}
    </Drawer>
  );
}

function Form({ deed, onClose }: { deed: Deed; onClose: () => void }) {
  const view = useOrder(deed.orderId);
  return (
    <Answer of={view}>
      {(found) => (
        <>
          <p className="act-order">
            <Link to={`/orders/${deed.orderId}`}>{deed.orderId}</Link> <StateTag state={found.order.state} />
            <LevelTag level={found.order.level} />
          </p>
          <CommandForm view={found} verb={deed.verb} given={deed.given} onDone={onClose} onCancel={onClose} />
        </>
      )}
    </Answer>
  );
}
