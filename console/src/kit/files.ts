import { useQuery } from "@tanstack/react-query";
import { api, data, headersAlong, onUnauthenticated, type Schemas } from "./api";
import { Problem, type ProblemBody } from "./problem";

export type FileView = Schemas["FileView"];

/** What the server takes as documents, for the browser's own choice of files. */
export const ACCEPTED = ".jpg,.jpeg,.png,.webp,.pdf,.docx,.xlsx,.txt,.csv,.amr,.mp3,.wav,.mp4";

const pathOf = (orderId: string): string => `/v1/orders/${encodeURIComponent(orderId)}/files`;

function problemOf(text: string, status: number): Problem {
  let body: Partial<ProblemBody> = {};
  try {
    body = JSON.parse(text) as Partial<ProblemBody>;
  } catch {
    // What stands between here and the server answered in words of its own.
  }
  const problem = new Problem(body, status);
  if (problem.code === "unauthenticated") onUnauthenticated.does();
  return problem;
}

/** Send a document, telling how much of it is through (0 to 1); throws `Problem`. Again under the same key, it is kept once. */
export function sendFile(orderId: string, file: File, key: string, told?: (part: number) => void): Promise<void> {
  return new Promise((done, failed) => {
    // `fetch` does not tell how much of a body is through.
    const request = new XMLHttpRequest();
    request.open("POST", pathOf(orderId));
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.setRequestHeader("Idempotency-Key", key);
    for (const [name, value] of Object.entries(headersAlong("POST"))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && told?.(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? done() : failed(problemOf(request.responseText, request.status)));
    request.onerror = () => failed(new Problem({ detail: "" }, 0));
    request.send(file);
  });
}

/** Fetch a document and hand it to the browser to be saved; a customer's own is given to a handling unit for a `reason`. */
export async function saveFile(orderId: string, fileId: string, name: string, reason = ""): Promise<void> {
  const headers = { ...headersAlong("GET"), ...(reason && { "X-Reason": encodeURIComponent(reason) }) };
  const answer = await fetch(`${pathOf(orderId)}/${fileId}`, { headers });
  if (!answer.ok) throw problemOf(await answer.text(), answer.status);
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The documents of an order, the first one first. */
export const useFiles = (orderId: string) =>
  useQuery({
    queryKey: ["order", orderId, "files"],
    queryFn: () => data(api.GET("/v1/orders/{order_id}/files", { params: { path: { order_id: orderId } } })),
  });

/** Whether the customer himself sent it. */
export const ofCustomer = (file: FileView): boolean => file.by.startsWith("customer");
