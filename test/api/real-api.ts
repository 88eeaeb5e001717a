/** The API over the real service on ports in memory, with tenants and one key of every kind. */
import { createApi, type RequestInfo } from '#api/api.ts';
import type { HttpResponse } from '#api/http.ts';
import { ROUTES } from '#api/route-table.ts';
import { formatApiKey } from '#core/names.ts';
import { newApiKey, putApiKey } from '#core/service/api-keys.ts';
import type { ApiKeyView, CreatedKey, RunView, Scope } from '#core/operations.ts';
import { MemoryWorld } from '#support/memory-world.ts';
import type { Sent } from './client.ts';
import { SMALL } from './task-documents.ts';

/** `acme` is an ordinary tenant, `ops` an operator, `other` a stranger to acme. */
export const KINDS = [
  'none',
  'malformed',
  'unknown',
  'read',
  'write',
  'admin',
  'expired',
  'revoked',
  'otherAdmin',
  'operator',
] as const;
export type KeyKind = (typeof KINDS)[number];

export interface RealApi {
  world: MemoryWorld;
  keys: Record<KeyKind, string>;
  /** Ids of things of acme: what the routes' paths name. */
  ids: { taskId: string; runId: string; tenantId: string; keyId: string; secretName: string; host: string };
  infos: RequestInfo[];
  errors: unknown[];
  send(route: string, sent?: Sent): Promise<HttpResponse>;
}

export const json = (response: HttpResponse): Record<string, unknown> =>
  JSON.parse(response.body) as Record<string, unknown>;

export async function realApi(): Promise<RealApi> {
  const world = await new MemoryWorld().open();
  await world.addTenant('other');
  await world.addTenant('ops', { permissions: ['operator'] });
  const infos: RequestInfo[] = [];
  const errors: unknown[] = [];
  let requests = 0;
  const api = createApi({
    operations: world.service,
    version: '0.1.0',
    region: 'local-1',
    now: () => world.clock.now(),
    newRequestId: () => `request-${String(++requests)}`,
    onRequest: (info) => infos.push(info),
    onError: (error) => errors.push(error),
  });
  const send: RealApi['send'] = (route, { key = '', body, query = {}, headers = {} } = {}) => {
    const [method = '', path = ''] = route.split(' ');
    const raw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
    return api({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
  };
  const keys = await makeKeys(world, send);
  const ids = { ...(await makeThings(keys, send)), secretName: 'api-token', host: 'a.example' };
  return { world, keys, ids, infos, errors, send };
}

async function makeKeys(world: MemoryWorld, send: RealApi['send']): Promise<Record<KeyKind, string>> {
  const first = async (tenant: string): Promise<string> => {
    const key = newApiKey(tenant, world.ports.randomBytes(32));
    await putApiKey(world.ports, key, ['read', 'write', 'admin']);
    return key;
  };
  const admin = await first('acme');
  const make = async (scope: Scope, more: object = {}): Promise<CreatedKey & { key: string }> =>
    json(await send('POST /v1/tenants/acme/keys', { key: admin, body: { scopes: [scope], ...more } })) as never;
  const expired = await make('admin', { expiresAt: new Date(world.clock.now() + 1000).toISOString() });
  const revoked = await make('admin');
  await send(`DELETE /v1/tenants/acme/keys/${revoked.id}`, { key: admin });
  world.clock.moveTo(world.clock.now() + 2000);
  return {
    none: '',
    malformed: 'acme',
    unknown: formatApiKey('acme', new Uint8Array(32).fill(7)),
    read: (await make('read')).key,
    write: (await make('write')).key,
    admin,
    expired: expired.key,
    revoked: revoked.key,
    otherAdmin: await first('other'),
    operator: await first('ops'),
  };
}

async function makeThings(
  keys: Record<KeyKind, string>,
  send: RealApi['send'],
): Promise<Pick<RealApi['ids'], 'taskId' | 'runId' | 'tenantId' | 'keyId'>> {
  await send('POST /v1/tasks', { key: keys.admin, body: SMALL });
  await send('PUT /v1/secrets/api-token', { key: keys.admin, body: { value: 'a value of acme' } });
  await send('PUT /v1/hosts/a.example', { key: keys.admin, body: { requestsPerSecond: 2 } });
  const run = json(await send('POST /v1/tasks/small/runs', { key: keys.admin })) as unknown as RunView;
  const spare = json(await send('POST /v1/tenants/acme/keys', { key: keys.admin, body: { scopes: ['read'] } }));
  return { taskId: 'small', runId: run.id, tenantId: 'acme', keyId: (spare as unknown as ApiKeyView).id };
}

/** A path with the ids of what acme owns. */
export const fillIn = (path: string, ids: RealApi['ids']): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = (ids as Record<string, string | undefined>)[name];
    if (id === undefined) throw new Error(`real-api: no ${name} of acme for ${path}: add one to ids`);
    return encodeURIComponent(id);
  });

export const routeOf = (operationId: string) => ROUTES.find((route) => route.operationId === operationId);
