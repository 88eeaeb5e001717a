/**
 * API keys: 256 bits of chance, shown once, kept as a hash. Rotation makes the new key first and then lets the old one end
 * after an overlap, each by one conditional write: whoever dies in between leaves two keys that work, never none.
 */
import { API_KEYS_MAX, KEY_KEPT_SECONDS } from '../limits.ts';
import { apiKeyKey, apiKeysOf, formatApiKey, isKeyId, keyIdOf, parseApiKey } from '../names.ts';
import { asApiKey, asItem, type ApiKeyRow } from '../rows.ts';
import { pages } from '../store.ts';
import { iso, ok, paging, refuse } from './outcome.ts';
import { noTenant, reachTenant, type TenantPorts } from './tenants.ts';
import type { ApiKeyView, Caller, CreatedKey, KeyRequest, Once, Outcome, PageOf } from '../operations.ts';
import type { PageRequest, Rotation, Scope } from '../operations.ts';

export type KeyPorts = TenantPorts & { randomBytes: (n: number) => Uint8Array };

const noKey = (id: string) => refuse(404, 'No such key', `there is no key ${JSON.stringify(id.slice(0, 80))}`);

/** A new key for a tenant. @param secret32 32 random bytes. */
export const newApiKey = (tenant: string, secret32: Uint8Array): string => formatApiKey(tenant, secret32);

/** Makes a key valid that was made elsewhere (the first one of a stage). Only its hash is stored. */
export async function putApiKey(ports: TenantPorts, key: string, scopes: Scope[]): Promise<void> {
  await ports.table.put(asItem(rowOf(key, { scopes }, ports.clock.now())), { absent: 'pk' });
}

function rowOf(key: string, { name, scopes, notAfter }: KeyRequest, createdAt: number): ApiKeyRow {
  const parsed = parseApiKey(key);
  if (parsed === undefined) throw new RangeError('not an API key');
  const { tenant, sha256 } = parsed;
  return {
    ...apiKeyKey(tenant, sha256),
    kind: 'apiKey',
    tenant,
    keyId: keyIdOf(sha256),
    ...(name !== undefined && { name }),
    scopes: [...new Set(scopes)],
    createdAt,
    ...ending(notAfter),
  };
}

/** When a key ends, and a good while later its row. */
const ending = (notAfter: number | undefined): { notAfter?: number; expiresAt?: number } =>
  notAfter === undefined ? {} : { notAfter, expiresAt: Math.floor(notAfter / 1000) + KEY_KEPT_SECONDS };

const stateOf = (row: ApiKeyRow, now: number): ApiKeyView['state'] =>
  row.revokedAt !== undefined ? 'revoked' : row.notAfter !== undefined && row.notAfter <= now ? 'expired' : 'active';

const view = (row: ApiKeyRow, now: number): ApiKeyView => ({
  id: row.keyId,
  tenantId: row.tenant,
  ...(row.name !== undefined && { name: row.name }),
  scopes: row.scopes,
  state: stateOf(row, now),
  createdAt: iso(row.createdAt),
  ...(row.notAfter !== undefined && { expiresAt: iso(row.notAfter) }),
  ...(row.revokedAt !== undefined && { revokedAt: iso(row.revokedAt) }),
  ...(row.rotatedTo !== undefined && { rotatedTo: row.rotatedTo }),
});

async function allKeys(ports: TenantPorts, tenant: string): Promise<ApiKeyRow[]> {
  const rows: ApiKeyRow[] = [];
  const query = apiKeysOf(tenant);
  for await (const item of pages((cursor) => ports.table.query({ ...query, ...(cursor !== undefined && { cursor }) })))
    rows.push(asApiKey(item));
  return rows;
}

async function find(ports: TenantPorts, tenant: string, keyId: string): Promise<ApiKeyRow | undefined> {
  if (!isKeyId(keyId)) return undefined;
  const { items } = await ports.table.query(apiKeysOf(tenant, keyId));
  return items.map(asApiKey)[0];
}

export async function createKey(
  ports: KeyPorts,
  caller: Caller,
  tenantId: string,
  request: KeyRequest,
  once?: Once,
): Promise<Outcome<CreatedKey>> {
  const tenant = await reachTenant(ports, caller, tenantId);
  return tenant ? make(ports, tenantId, request, once) : noTenant(tenantId);
}

/** A key that an earlier attempt of the same request made is told again, but not shown again: nobody has it. */
async function make(
  ports: KeyPorts,
  tenant: string,
  request: KeyRequest,
  once: Once | undefined,
): Promise<Outcome<CreatedKey>> {
  const now = ports.clock.now();
  if (request.notAfter !== undefined && request.notAfter <= now) {
    const message = `expected a time to come, got ${iso(request.notAfter)}`;
    return refuse(400, 'Invalid request', `expiresAt: ${message}`, [{ path: 'expiresAt', message }]);
  }
  const keys = await allKeys(ports, tenant);
  const before = once && keys.find(({ by }) => by === once.seed);
  if (before) return ok(view(before, now));
  if (keys.filter((row) => stateOf(row, now) === 'active').length >= API_KEYS_MAX)
    return refuse(409, 'Too many keys', `tenant ${tenant} has ${String(API_KEYS_MAX)} keys that work: revoke some`);
  const key = newApiKey(tenant, ports.randomBytes(32));
  const row: ApiKeyRow = { ...rowOf(key, request, now), ...(once && { by: once.seed }) };
  const write = await ports.table.put(asItem(row), { absent: 'pk' });
  if (!write.ok && write.item?.createdAt !== now) throw new Error('two API keys with one hash');
  return ok({ ...view(row, now), key });
}

export async function listKeys(
  ports: TenantPorts,
  caller: Caller,
  tenantId: string,
  page: PageRequest,
): Promise<Outcome<PageOf<ApiKeyView>>> {
  if ((await reachTenant(ports, caller, tenantId)) === undefined) return noTenant(tenantId);
  return paging(async () => {
    const found = await ports.table.query({ ...apiKeysOf(tenantId), ...page });
    const items = found.items.map((item) => view(asApiKey(item), ports.clock.now()));
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}

/** Takes effect with the next request. Nobody revokes the key he calls with, so that somebody can always go on. */
export async function revokeKey(
  ports: TenantPorts,
  caller: Caller,
  tenantId: string,
  keyId: string,
): Promise<Outcome<void>> {
  if ((await reachTenant(ports, caller, tenantId)) === undefined) return noTenant(tenantId);
  const row = await find(ports, tenantId, keyId);
  if (row === undefined) return noKey(keyId);
  if (tenantId === caller.tenant && keyId === caller.keyId)
    return refuse(409, 'Its own key', 'a key cannot revoke itself: use another one, or rotate it');
  const revokedAt = ports.clock.now();
  await ports.table.update(
    { pk: row.pk, sk: row.sk },
    { set: { revokedAt, expiresAt: Math.floor(revokedAt / 1000) + KEY_KEPT_SECONDS } },
    { all: [{ present: 'pk' }, { absent: 'revokedAt' }] },
  );
  return ok(undefined);
}

/** A new key with the name and scopes of an old one, which works on for `overlapSeconds` and then ends. */
export async function rotateKey(
  ports: KeyPorts,
  caller: Caller,
  tenantId: string,
  keyId: string,
  { overlapSeconds, notAfter }: Rotation,
  once?: Once,
): Promise<Outcome<CreatedKey>> {
  if ((await reachTenant(ports, caller, tenantId)) === undefined) return noTenant(tenantId);
  const old = await find(ports, tenantId, keyId);
  if (old === undefined) return noKey(keyId);
  const now = ports.clock.now();
  if (stateOf(old, now) !== 'active')
    return refuse(409, 'Not in this state', `key ${keyId} is ${stateOf(old, now)}: create another one`);
  const lasts = old.notAfter === undefined ? undefined : old.notAfter - old.createdAt;
  const until = notAfter ?? (lasts === undefined ? undefined : now + lasts);
  const request = { ...(old.name !== undefined && { name: old.name }), scopes: old.scopes };
  const made = await make(ports, tenantId, { ...request, ...(until !== undefined && { notAfter: until }) }, once);
  if (!made.ok) return made;
  const ends = Math.min(now + overlapSeconds * 1000, old.notAfter ?? Infinity);
  await ports.table.update(
    { pk: old.pk, sk: old.sk },
    { set: { ...ending(ends), rotatedTo: made.value.id } },
    { all: [{ present: 'pk' }, { absent: 'revokedAt' }, { absent: 'rotatedTo' }] },
  );
  return made;
}
