import { createRoot } from "react-dom/client";
import { App, makeRouter } from "./app/App";
import { ROOMS } from "./app/rooms";
import "./app/style.css";
import "./kit/nonce";
import { startTexts } from "./kit/texts";

await startTexts();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App router={makeRouter(ROOMS)} />);
