import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "@/api/schema";
import { Problem, type ProblemBody } from "./problem";

export type Schemas = components["schemas"];

const SAFE = ["GET", "HEAD"];

/** What goes along with every request: the session's token against forgery, and for whom one acts. */
const credentials = { csrf: "", actingFor: "" };

/** Send these along from now on. */
export function carryAlong(given: Partial<typeof credentials>): void {
  Object.assign(credentials, given);
}

/** For whom one acts now; '' for oneself. */
export const actingFor = (): string => credentials.actingFor;

/** The headers that go along with a request, for those who send it themselves. */
export function headersAlong(method: string): Record<string, string> {
  return {
    ...(!SAFE.includes(method) && credentials.csrf && { "X-CSRF-Token": credentials.csrf }),
    ...(credentials.actingFor && { "Acting-For": credentials.actingFor }),
  };
}

/** Called when the API no longer knows who asks. */
export const onUnauthenticated: { does: () => void } = { does: () => undefined };

const carry: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(headersAlong(request.method))) request.headers.set(name, value);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return undefined;
    throw await problemIn(response);
  },
};

/** The problem that an answer carries. */
export async function problemIn(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => ({}));
  const problem = new Problem(body as Partial<ProblemBody>, response.status);
  if (problem.code === "unauthenticated") onUnauthenticated.does();
  return problem;
}

/** The typed client of every operation; what is not a success is thrown as a `Problem`. */
export const api = createClient<paths>({ baseUrl: "" });
api.use(carry);

/** The data of an answer that was a success. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data: found } = await answer;
  return found as T;
}

/** Ask for a path that the typed client does not know by its name, such as a command by its verb. */
export async function send<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const sent = new Headers({ ...headers, ...headersAlong(method) });
  if (body !== undefined && !(body instanceof Blob)) sent.set("Content-Type", "application/json");
  const content = body === undefined || body instanceof Blob ? (body as Blob | undefined) : JSON.stringify(body);
  const response = await fetch(path, { method, headers: sent, body: content ?? null });
  if (!response.ok) throw await problemIn(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
