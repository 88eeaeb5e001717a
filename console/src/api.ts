/** Requests to the API of the same origin, with the key of this tab. */
import type { Problem } from './generated/api.ts';

const KEY = 'gleaner.key';
const TIMEOUT_MS = 35_000;

/** The key lives as long as the tab; it is in no address, cookie or disk cache. */
export const apiKey = {
  get: (): string | undefined => sessionStorage.getItem(KEY) ?? undefined,
  set: (key: string): void => sessionStorage.setItem(KEY, key),
  clear: (): void => sessionStorage.removeItem(KEY),
};

/** What the API answered instead, or `status` 0 when nothing came. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly errors: { path: string; message: string }[];
  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? problem.title ?? `status ${String(status)}`);
    this.status = status;
    this.errors = problem.errors ?? [];
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: { [name: string]: string | number | undefined };
  /** JSON, unless it is text: then YAML. */
  body?: unknown;
  headers?: { [name: string]: string };
  signal?: AbortSignal;
}

export type Answer<T> = { changed: true; value: T; etag: string | undefined } | { changed: false };

const urlOf = (path: string, query: Call['query'] = {}): string => {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  const search = new URLSearchParams(given).toString();
  return `/v1/${path}${search === '' ? '' : `?${search}`}`;
};

/** @param etag of what is known: then the answer may be that nothing has changed. */
export async function ask<T>(path: string, call: Call = {}, etag?: string): Promise<Answer<T>> {
  const { method = 'GET', body, signal } = call;
  const headers: { [name: string]: string } = { accept: 'application/json', ...call.headers };
  const key = apiKey.get();
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  if (etag !== undefined) headers['if-none-match'] = etag;
  if (method === 'POST') headers['idempotency-key'] = crypto.randomUUID();
  if (body !== undefined) headers['content-type'] = typeof body === 'string' ? 'application/yaml' : 'application/json';
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(urlOf(path, call.query), {
      method,
      headers,
      redirect: 'error',
      cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new Refused(0, { detail: timeout.aborted ? 'no answer in 35 s' : 'the API cannot be reached' });
  }
  if (response.status === 304) return { changed: false };
  const text = await response.text();
  const value = text === '' ? undefined : parsed(text);
  if (response.ok) return { changed: true, value: value as T, etag: response.headers.get('etag') ?? undefined };
  if (response.status === 401) dispatchEvent(new Event('gleaner:signed-out'));
  throw new Refused(response.status, value ?? {});
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { detail: text.slice(0, 200) };
  }
}

export async function call<T>(path: string, options?: Call): Promise<T> {
  const answer = await ask<T>(path, options);
  if (!answer.changed) throw new Refused(304, {});
  return answer.value;
}

export const at = (...segments: string[]): string => segments.map(encodeURIComponent).join('/');
