import { Route, Routes, useParams } from "react-router";
import "./audit.css";
import { Case } from "./Case";
import { Find } from "./Find";
import { Lab } from "./lab/Lab";
import { Past } from "./past/Past";
import { Process } from "./past/Process";

function OfOrder() {
  const { order = "" } = useParams();
  return <Case orderId={order} key={order} />;
}

/** The auditor's room: find an order, then everything that ever happened to it. */
export default function Audit() {
  return (
    <Routes>
      <Route index element={<Find />} />
      <Route path="lab" element={<Lab />} />
      <Route path="past" element={<Past />} />
      <Route path="process" element={<Process />} />
      <Route path=":order" element={<OfOrder />} />
    </Routes>
  );
}
