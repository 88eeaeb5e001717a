/** A caller of the API under test: one fake behind it, everything that was logged beside it. */
import { createApi } from '#api/api.ts';
import type { RequestInfo } from '#api/api.ts';
import type { HttpRequest, HttpResponse } from '#api/http.ts';
import { FakeOperations } from '#support/fake-operations.ts';
import { SMALL } from './task-documents.ts';

export interface Sent extends Partial<Omit<HttpRequest, 'body' | 'query'>> {
  /** Objects are sent as JSON. */
  body?: unknown;
  query?: Record<string, string>;
  /** An API key of the fake; '' = none. */
  key?: string;
}

export function client() {
  const operations = new FakeOperations();
  const infos: RequestInfo[] = [];
  const errors: unknown[] = [];
  let clock = 0;
  let requests = 0;
  const api = createApi({
    operations,
    version: '0.1.0',
    region: 'local-1',
    now: () => (clock += 7),
    newRequestId: () => `request-${String((requests += 1))}`,
    onRequest: (info) => infos.push(info),
    onError: (error) => errors.push(error),
  });
  const send = (route: string, sent: Sent = {}): Promise<HttpResponse> => {
    const [method = '', path = ''] = route.split(' ');
    const { key = 'write-key', body, query = {}, headers = {} } = sent;
    const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
    return api({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
  };
  return { operations, infos, errors, api, send };
}

export const json = (response: HttpResponse): Record<string, unknown> =>
  JSON.parse(response.body) as Record<string, unknown>;

/** The id that the fake gives its first run. */
export const RUN = '0'.repeat(25) + '1';
/** A client for which the task `small` and its run exist. */
export async function started() {
  const made = client();
  await made.send('POST /v1/tasks', { body: SMALL });
  await made.send('POST /v1/tasks/small/runs');
  return made;
}
