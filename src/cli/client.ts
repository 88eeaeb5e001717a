/**
 * The HTTPS API as typed calls. A GET, and a POST (which always carries an Idempotency-Key of its own), is tried again
 * when the answer was lost or the API asked for patience; PUT and DELETE are sent once, since a lost answer would make the second
 * one look like a conflict. Every call ends in a value, `ApiRefusal` or `ApiUnreachable`.
 */
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '#core/json.ts';
import type { LedgerLine } from '#core/ledger.ts';
import type {
  ApiKeyView,
  CreatedKey,
  HostScope,
  HostStatus,
  HostWord,
  SecretView,
  TenantView,
} from '#core/operations.ts';
import type { AlertView, DeadLettersRedriven, DeadLetterView, Explanation, Overlap, PageOf } from '#core/operations.ts';
import type { ConfigVersionView, ConfigView } from '#core/operations.ts';
import type { ResultsView, RunView, SigningKeyView, TaskView, UploadView } from '#core/operations.ts';
import { reasonOf } from './failure.ts';
import { ApiRefusal, ApiUnreachable, problemOf } from './problem.ts';

export interface ClientOptions {
  /** With or without `/v1`. */
  api: string;
  /** Sent as a bearer token; without one only `health` is answered. */
  key?: string;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  chance(): number;
  /** Of one attempt. The API answers within 30 s or not at all. */
  timeoutMs?: number;
  /** Attempts in all. */
  attempts?: number;
}

/** First wait and longest wait between attempts, before jitter. */
const BACKOFF_MS = { base: 250, max: 4_000 };
/** A Retry-After longer than this is not waited for. */
const RETRY_AFTER_MS_MAX = 30_000;
const RETRIED = new Set([429, 500, 502, 503, 504]);

export interface Health {
  status: string;
  version: string;
  region: string;
}
export interface Listing {
  limit?: number;
  cursor?: string;
}
interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export type Client = ReturnType<typeof clientOf>;

export function clientOf(options: ClientOptions) {
  const api = baseOf(options.api);
  const call = <T>(wanted: Call): Promise<T> => answered<T>(api, options, wanted);
  const at = (...parts: string[]): string => parts.map(encodeURIComponent).join('/');
  return {
    api,
    health: () => call<Health>({ method: 'GET', path: 'health' }),
    listTasks: (page: Listing) => call<PageOf<TaskView>>({ method: 'GET', path: 'tasks', query: { ...page } }),
    getTask: (id: string) => call<TaskView>({ method: 'GET', path: at('tasks', id) }),
    createTask: (task: JsonObject) => call<TaskView>({ method: 'POST', path: 'tasks', body: task }),
    /** @param etag of the version to replace; a newer one is not overwritten (412). */
    replaceTask: (id: string, task: JsonObject, etag: string) =>
      call<TaskView>({ method: 'PUT', path: at('tasks', id), body: task, headers: { 'if-match': etag } }),
    deleteTask: (id: string) => call<undefined>({ method: 'DELETE', path: at('tasks', id) }),
    /** @param overlap absent: as the task's schedule says. */
    startRun: (taskId: string, overlap?: Overlap) =>
      call<RunView>({
        method: 'POST',
        path: at('tasks', taskId, 'runs'),
        ...(overlap !== undefined && { body: { overlap } }),
      }),
    startInline: (task: JsonObject) => call<RunView>({ method: 'POST', path: 'runs', body: { task } }),
    listRuns: (filter: Listing & { taskId?: string; state?: string }) =>
      call<PageOf<RunView>>({ method: 'GET', path: 'runs', query: { ...filter } }),
    getRun: (id: string, signal?: AbortSignal) => call<RunView>({ method: 'GET', path: at('runs', id), signal }),
    stopRun: (id: string) => call<RunView>({ method: 'POST', path: at('runs', id, 'stop') }),
    pauseRun: (id: string) => call<RunView>({ method: 'POST', path: at('runs', id, 'pause') }),
    resumeRun: (id: string) => call<RunView>({ method: 'POST', path: at('runs', id, 'resume') }),
    redriveRun: (id: string) => call<RunView>({ method: 'POST', path: at('runs', id, 'redrive') }),
    explain: (id: string, target: { url: string; method?: string }) =>
      call<Explanation>({ method: 'GET', path: at('runs', id, 'explain'), query: { ...target } }),
    results: (id: string) => call<ResultsView>({ method: 'GET', path: at('runs', id, 'results') }),
    ledger: (id: string, filter: Listing & { bucket?: string }) =>
      call<PageOf<LedgerLine>>({ method: 'GET', path: at('runs', id, 'ledger'), query: { ...filter } }),
    getConfig: () => call<ConfigView>({ method: 'GET', path: 'config' }),
    /** @param etag of the version to replace; a newer one is not overwritten (412). */
    putConfig: (config: JsonObject, etag: string) =>
      call<ConfigView>({ method: 'PUT', path: 'config', body: config, headers: { 'if-match': etag } }),
    listConfigVersions: (page: Listing) =>
      call<PageOf<ConfigVersionView>>({ method: 'GET', path: 'config/versions', query: { ...page } }),
    rollbackConfig: (version: number) =>
      call<ConfigView>({ method: 'POST', path: 'config/rollback', body: { version } }),
    listAlerts: (filter: Listing & { taskId?: string; state?: string }) =>
      call<PageOf<AlertView>>({ method: 'GET', path: 'alerts', query: { ...filter } }),
    listDeadLetters: (filter: Listing & { runId?: string }) =>
      call<PageOf<DeadLetterView>>({ method: 'GET', path: 'dead-letters', query: { ...filter } }),
    /** @param ids 1 to PAGE_LIMIT_MAX of them. */
    redriveDeadLetters: (ids: readonly string[]) =>
      call<DeadLettersRedriven>({ method: 'POST', path: 'dead-letters/redrive', body: { ids } }),
    signingKeys: () => call<{ items: SigningKeyView[] }>({ method: 'GET', path: 'signing-keys' }),
    listHosts: (page: Listing) => call<PageOf<HostStatus>>({ method: 'GET', path: 'hosts', query: { ...page } }),
    getHost: (host: string) => call<HostStatus>({ method: 'GET', path: at('hosts', host) }),
    putHost: (host: string, word: HostWord) => call<HostStatus>({ method: 'PUT', path: at('hosts', host), body: word }),
    deleteHost: (host: string, query: { scope?: HostScope }) =>
      call<undefined>({ method: 'DELETE', path: at('hosts', host), query: { ...query } }),

    listSecrets: (page: Listing) => call<PageOf<SecretView>>({ method: 'GET', path: 'secrets', query: { ...page } }),
    putSecret: (name: string, value: string) =>
      call<SecretView>({ method: 'PUT', path: at('secrets', name), body: { value } }),
    deleteSecret: (name: string) => call<undefined>({ method: 'DELETE', path: at('secrets', name) }),
    listTenants: (page: Listing) => call<PageOf<TenantView>>({ method: 'GET', path: 'tenants', query: { ...page } }),
    getTenant: (id: string) => call<TenantView>({ method: 'GET', path: at('tenants', id) }),
    createTenant: (tenant: JsonObject) => call<TenantView>({ method: 'POST', path: 'tenants', body: tenant }),
    replaceTenant: (id: string, settings: JsonObject) =>
      call<TenantView>({ method: 'PUT', path: at('tenants', id), body: settings }),
    listKeys: (tenant: string, page: Listing) =>
      call<PageOf<ApiKeyView>>({ method: 'GET', path: at('tenants', tenant, 'keys'), query: { ...page } }),
    createKey: (tenant: string, request: JsonObject) =>
      call<CreatedKey>({ method: 'POST', path: at('tenants', tenant, 'keys'), body: request }),
    rotateKey: (tenant: string, id: string, request: JsonObject) =>
      call<CreatedKey>({ method: 'POST', path: at('tenants', tenant, 'keys', id, 'rotate'), body: request }),
    revokeKey: (tenant: string, id: string) =>
      call<undefined>({ method: 'DELETE', path: at('tenants', tenant, 'keys', id) }),
    createUpload: () => call<UploadView>({ method: 'POST', path: 'uploads' }),
  };
}

/** `https://host[/stage]` without `/v1` and slashes at the end. */
export const baseOf = (api: string): string => api.replace(/\/+$/, '').replace(/\/v1$/, '');

async function answered<T>(api: string, options: ClientOptions, call: Call): Promise<T> {
  const url = new URL(`${api}/v1/${call.path}`);
  for (const [name, value] of Object.entries(call.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value));
  const headers: Record<string, string> = { accept: 'application/json', ...call.headers };
  if (options.key !== undefined) headers.authorization = `Bearer ${options.key}`;
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  if (call.method === 'POST') headers['idempotency-key'] = randomUUID();
  const request: RequestInit = { method: call.method, headers, redirect: 'error' };
  if (call.body !== undefined) request.body = JSON.stringify(call.body);

  const attempts = call.method === 'GET' || call.method === 'POST' ? (options.attempts ?? 4) : 1;
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= attempts || call.signal?.aborted === true;
    const answer = await attemptOnce(url, request, options.timeoutMs ?? 35_000, call.signal);
    if ('lost' in answer) {
      if (last)
        throw new ApiUnreachable(`no answer from ${url.origin} (${call.method} ${url.pathname}): ${answer.lost}`);
    } else if (answer.ok) return valueOf<T>(url, call.method, answer);
    else if (last || !mayRetry(answer, attempt))
      throw new ApiRefusal(answer.status, problemOf(answer.status, answer.text));
    const asked = 'lost' in answer ? 0 : answer.retryAfterMs;
    await options.sleep(Math.max(asked, backoffMs(attempt, options.chance())), call.signal);
  }
}

interface Answer {
  ok: boolean;
  status: number;
  text: string;
  /** 0 when the API did not say. */
  retryAfterMs: number;
}

async function attemptOnce(
  url: URL,
  request: RequestInit,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Answer | { lost: string }> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { ...request, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    const seconds = Number(response.headers.get('retry-after') ?? '');
    return {
      ok: response.ok,
      status: response.status,
      text: await response.text(),
      retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0,
    };
  } catch (error) {
    return { lost: timeout.aborted ? `timed out after ${String(timeoutMs / 1000)} s` : reasonOf(error) };
  }
}

/** 409 with Retry-After to a repeated POST: its first sending is still being worked on. */
function mayRetry(answer: Answer, attempt: number): boolean {
  if (answer.retryAfterMs > RETRY_AFTER_MS_MAX) return false;
  return RETRIED.has(answer.status) || (answer.status === 409 && attempt > 1 && answer.retryAfterMs > 0);
}

/** Exponential with jitter over its upper half, so that many clients do not come back together. */
export function backoffMs(attempt: number, chance: number): number {
  const full = Math.min(BACKOFF_MS.max, BACKOFF_MS.base * 2 ** (attempt - 1));
  return full / 2 + (full / 2) * chance;
}

function valueOf<T>(url: URL, method: string, answer: Answer): T {
  if (answer.status === 204 || answer.text === '') return undefined as T;
  try {
    return JSON.parse(answer.text) as T;
  } catch {
    throw new ApiUnreachable(
      `${url.origin} is not a Gleaner API: ${method} ${url.pathname} answered something that is not JSON`,
    );
  }
}
