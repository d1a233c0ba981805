import { headersAlong } from "@/kit/api";
import { Problem, type ProblemBody } from "@/kit/problem";

function parsed(text: string): Partial<ProblemBody> {
  try {
    return JSON.parse(text) as Partial<ProblemBody>;
  } catch {
    return {};
  }
}

/** Send a document, telling how much of it is through (0 to 1); throws `Problem`. Again under the same key, it is kept once. */
export function sendFile(orderId: string, file: File, key: string, told: (part: number) => void): Promise<void> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/v1/orders/${encodeURIComponent(orderId)}/files`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
    request.setRequestHeader("Idempotency-Key", key);
    for (const [name, value] of Object.entries(headersAlong("POST"))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onload = () =>
      request.status < 300 ? done() : failed(new Problem(parsed(request.responseText), request.status));
    request.onerror = () => failed(new Problem({ detail: "" }, 0));
    request.send(file);
  });
}

/** Fetch a document and hand it to the browser to be saved; a customer's own is given to a handling unit for a `reason`. */
export async function saveFile(orderId: string, fileId: string, name: string, reason = ""): Promise<void> {
  const headers = { ...headersAlong("GET"), ...(reason && { "X-Reason": encodeURIComponent(reason) }) };
  const answer = await fetch(`/v1/orders/${encodeURIComponent(orderId)}/files/${fileId}`, { headers });
  if (!answer.ok) throw new Problem(parsed(await answer.text()), answer.status);
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
