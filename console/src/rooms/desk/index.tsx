import { Route, Routes } from "react-router";
import { TAKES } from "@/kit/lists";
import { useMe } from "@/kit/session";
import "./desk.css";
import { List } from "./List";
import { NewOrder } from "./NewOrder";

/** The desk: the orders that one follows or sees, and taking a complaint. */
export default function Desk() {
  const me = useMe();
  return (
    <Routes>
      {TAKES.includes(me.role) && <Route path="new" element={<NewOrder key={me.id} />} />}
      <Route path="*" element={<List />} />
    </Routes>
  );
}
