/* A thin client of the API: relative addresses, the CSRF token on every write, problems as values. */

import type { Problem } from "./answerTypes";

const BASE = "api/v1/";
const TIMEOUT_MS = 20_000;
const UNREAD = "The server does not answer. It is asked again when the connection is back.";
/* Nothing is kept to be sent later: hours after, the microscope is somewhere else. */
const UNSAID = "The server does not answer. Look whether it was done once the connection is back; it is not sent again by itself.";

/** What the API said was wrong; `message` says what to do next. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
    readonly fields: { path: string; message: string }[] = [],
  ) {
    super(message);
  }
}

type Query = Record<string, string | number | boolean | undefined>;
interface Options {
  query?: Query;
  body?: unknown;
  version?: number;
  idempotent?: boolean;
  timeoutMs?: number;
  signal?: AbortSignal;
}

const csrfToken = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";

export function address(path: string, query: Query = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, String(value));
  const text = asked.toString();
  return `${BASE}${path}${text === "" ? "" : `?${text}`}`;
}

async function call<Answer>(method: string, path: string, options: Options = {}): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken;
  if (options.version !== undefined) headers["If-Match"] = `"${options.version}"`;
  if (options.idempotent) headers["Idempotency-Key"] = newKey();
  const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  try {
    const response = await fetch(address(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      signal: options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    if (!response.ok) throw await problemOf(response);
    return (response.status === 204 ? undefined : await response.json()) as Answer;
  } catch (problem) {
    // an answer that breaks off is none
    if (problem instanceof ApiProblem || options.signal?.aborted) throw problem;
    throw new ApiProblem(0, "unreachable", method === "GET" ? UNREAD : UNSAID, null);
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const requestId = response.headers.get("X-Request-Id");
  const told = (await response.json().catch(() => null)) as Partial<Problem> | null;
  if (response.status === 401) {
    return new ApiProblem(401, "signed_out", "You are signed out. Load the page again to sign in.", requestId);
  }
  const message = told?.detail ?? told?.title ?? `The server answered ${response.status}.`;
  return new ApiProblem(response.status, told?.code ?? "unknown", message, told?.request_id ?? requestId, told?.errors ?? []);
}

/* randomUUID exists only on secure origins, and a site may well be plain HTTP inside its network. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const get = <Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> =>
  call("GET", path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });
export const longPoll = <Answer>(path: string, query: Query, signal: AbortSignal): Promise<Answer> =>
  call("GET", path, { query, signal, timeoutMs: 40_000 });
export const post = <Answer>(path: string, body: unknown = {}): Promise<Answer> => call("POST", path, { body, idempotent: true });
export const patch = <Answer>(path: string, body: unknown, version: number): Promise<Answer> => call("PATCH", path, { body, version });

/** With a version it holds only where the row is still as it was read. */
export const put = <Answer>(path: string, body: unknown = {}, version?: number): Promise<Answer> => call("PUT", path, { body, ...(version === undefined ? {} : { version }) });
export const remove = <Answer>(path: string): Promise<Answer> => call("DELETE", path);

export const imageAddress = (image: string, what: "preview" | "info.json"): string => address(`images/${image}/${what}`);
