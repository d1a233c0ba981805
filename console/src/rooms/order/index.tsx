import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link, Navigate, Route, Routes, useParams, useSearchParams } from "react-router";
import { useOrder } from "@/kit/order";
import { Page } from "@/kit/Page";
import { problemOf } from "@/kit/problem";
import { Answer, Nothing } from "@/kit/states";
import { OrderPage } from "./OrderPage";
import { PrintView } from "./PrintView";
import "./order.css";

function One() {
  const { t } = useTranslation("order");
  const { order: id = "" } = useParams();
  const [query] = useSearchParams();
  const found = useOrder(id);
  if (found.data)
    return query.get("view") === "print" ? <PrintView view={found.data} /> : <OrderPage key={id} view={found.data} />;
  const missing = found.error && problemOf(found.error).code === "order_not_found";
  return (
    <Page title={t("title", { id })}>
      {missing ? (
        <Nothing
          action={
            <Link to="/desk">
              <Button type="primary">{t("back")}</Button>
            </Link>
          }
        >
          {t("gone")}
        </Nothing>
      ) : (
        <Answer of={found}>{() => null}</Answer>
      )}
    </Page>
  );
}

/** The pages of orders: one at its number. */
export default function Order() {
  return (
    <Routes>
      <Route path=":order" element={<One />} />
      <Route path="*" element={<Navigate to="/desk" replace />} />
    </Routes>
  );
}
