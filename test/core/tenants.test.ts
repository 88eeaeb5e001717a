import { beforeEach, describe, expect, it } from 'vitest';
import { API_KEYS_MAX, KEY_KEPT_SECONDS } from '#core/limits.ts';
import { apiKeysOf, parseApiKey, tenantKey } from '#core/names.ts';
import type { Caller, Outcome } from '#core/operations.ts';
import { QUOTAS_DEFAULT, UNBOUNDED } from '#core/quotas.ts';
import { MemoryWorld, START } from '#support/memory-world.ts';

const caller = (tenant: string, keyId = '000000000000'): Caller => ({ tenant, keyId, scopes: ['admin'] });
const [ops, acme] = [caller('ops'), caller('acme')];
const SETTINGS = { permissions: [], allowAddresses: [], weight: 1, quotas: UNBOUNDED };
const PAGE = { limit: 1000 };

let world: MemoryWorld;
beforeEach(async () => {
  world = await new MemoryWorld().open();
  await world.addTenant('ops', { permissions: ['operator'] });
});
const valueOf = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value;
};
const statusOf = (outcome: Outcome<unknown>): number => (outcome.ok ? 200 : outcome.refusal.status);
const newKey = async (more: object = {}, once?: { seed: string; at: number }) =>
  valueOf(await world.service.createKey(acme, 'acme', { scopes: ['write'], ...more }, once));

describe('tenants', () => {
  it('are made by operators alone, once for an idempotency key, and a repetition is no second one', async () => {
    const once = { seed: 'ab'.repeat(32), at: START };
    expect(statusOf(await world.service.createTenant(acme, 'new', SETTINGS))).toBe(403);
    const made = valueOf(await world.service.createTenant(ops, 'new', SETTINGS, once));
    expect(valueOf(await world.service.createTenant(ops, 'new', SETTINGS, once))).toEqual(made);
    expect(statusOf(await world.service.createTenant(ops, 'new', SETTINGS))).toBe(409);
  });

  it('are listed whole for an operator, as its own for everybody else', async () => {
    const ids = async (by: Caller) => valueOf(await world.service.listTenants(by, PAGE)).items.map(({ id }) => id);
    expect((await ids(ops)).sort()).toEqual(['acme', 'ops']);
    expect(await ids(acme)).toEqual(['acme']);
  });

  it('change what bounds them through an operator alone, and keep what else their row holds', async () => {
    await world.table.update(tenantKey('acme'), { set: { note: 'of a later release' } });
    expect(statusOf(await world.service.replaceTenant(acme, 'acme', SETTINGS))).toBe(403);
    const settings = { ...SETTINGS, name: 'Acme', quotas: QUOTAS_DEFAULT, hostRequestsPerSecond: 0.5 };
    const changed = valueOf(await world.service.replaceTenant(ops, 'acme', settings));
    expect(changed).toMatchObject({ id: 'acme', ...settings });
    expect(await world.table.get(tenantKey('acme'))).toMatchObject({ note: 'of a later release', tenant: 'acme' });
    const bare = valueOf(await world.service.replaceTenant(ops, 'acme', SETTINGS));
    for (const field of ['name', 'hostRequestsPerSecond']) expect(bare).not.toHaveProperty(field);
    expect(await world.table.get(tenantKey('acme'))).not.toHaveProperty('hostRequestsPerSecond');
  });

  it('an operator cannot lock everybody out', async () => {
    expect(statusOf(await world.service.replaceTenant(ops, 'ops', SETTINGS))).toBe(409);
  });
});

describe('API keys', () => {
  it('are 256 random bits that no row holds, and are shown once', async () => {
    const { key = '', id } = await newKey();
    expect(Buffer.from(key.split('_').slice(2).join('_'), 'base64url')).toHaveLength(32);
    expect(await world.service.authenticate(key)).toEqual({ tenant: 'acme', keyId: id, scopes: ['write'] });
    const { items } = await world.table.query(apiKeysOf('acme'));
    expect(JSON.stringify(items)).not.toContain(key.slice(9));
    expect(items[0]?.sk).toBe(`KEY#${parseApiKey(key)?.sha256 ?? ''}`);
    const listed = valueOf(await world.service.listKeys(acme, 'acme', PAGE)).items;
    expect(listed).toEqual([expect.not.objectContaining({ key: expect.anything() })]);
  });

  it('one request makes one key: its repetition is told of it and not shown it', async () => {
    const once = { seed: 'cd'.repeat(32), at: START };
    const { key, ...made } = await newKey({}, once);
    expect(key).toBeDefined();
    expect(await newKey({}, once)).toEqual(made);
    expect(valueOf(await world.service.listKeys(acme, 'acme', PAGE)).items).toHaveLength(1);
  });

  it('end at their time, and their row goes a good while later', async () => {
    const notAfter = START + 60_000;
    const { key = '' } = await newKey({ notAfter });
    world.clock.moveTo(notAfter - 1);
    expect(await world.service.authenticate(key)).toBeDefined();
    world.clock.moveTo(notAfter);
    expect(await world.service.authenticate(key)).toBeUndefined();
    const { items } = await world.table.query(apiKeysOf('acme'));
    expect(items[0]?.expiresAt).toBe(notAfter / 1000 + KEY_KEPT_SECONDS);
    expect(statusOf(await world.service.createKey(acme, 'acme', { scopes: ['read'], notAfter: START }))).toBe(400);
  });

  it('are revoked at once, twice is no error, and none revokes itself', async () => {
    const { key = '', id } = await newKey();
    expect(statusOf(await world.service.revokeKey(caller('acme', id), 'acme', id))).toBe(409);
    for (let i = 0; i < 2; i++) expect(statusOf(await world.service.revokeKey(acme, 'acme', id))).toBe(200);
    expect(await world.service.authenticate(key)).toBeUndefined();
    expect(valueOf(await world.service.listKeys(acme, 'acme', PAGE)).items[0]?.state).toBe('revoked');
    expect(statusOf(await world.service.revokeKey(acme, 'acme', 'ffffffffffff'))).toBe(404);
    expect(statusOf(await world.service.revokeKey(acme, 'ops', id))).toBe(404);
  });

  it('rotate with an overlap: both work, then the new one alone', async () => {
    const old = await newKey({ name: 'nightly' });
    const rotated = valueOf(await world.service.rotateKey(acme, 'acme', old.id, { overlapSeconds: 60 }));
    expect(rotated).toMatchObject({ name: 'nightly', scopes: ['write'], state: 'active' });
    for (const key of [old.key, rotated.key]) expect(await world.service.authenticate(key ?? '')).toBeDefined();
    world.clock.moveTo(START + 60_000);
    expect(await world.service.authenticate(old.key ?? '')).toBeUndefined();
    expect(await world.service.authenticate(rotated.key ?? '')).toBeDefined();
    expect(statusOf(await world.service.rotateKey(acme, 'acme', old.id, { overlapSeconds: 60 }))).toBe(409);
    const listed = valueOf(await world.service.listKeys(acme, 'acme', PAGE)).items;
    expect(listed.find(({ id }) => id === old.id)).toMatchObject({ state: 'expired', rotatedTo: rotated.id });
  });

  it('a key with an end is followed by one that lasts as long, and never outlives its own end by overlap', async () => {
    const old = await newKey({ notAfter: START + 100_000 });
    world.clock.moveTo(START + 90_000);
    const rotated = valueOf(await world.service.rotateKey(acme, 'acme', old.id, { overlapSeconds: 3600 }));
    expect(rotated.expiresAt).toBe(new Date(START + 190_000).toISOString());
    world.clock.moveTo(START + 100_000);
    expect(await world.service.authenticate(old.key ?? '')).toBeUndefined();
  });

  it('are bounded in number; those that ended do not count', async () => {
    const ids: string[] = [];
    for (let i = 0; i < API_KEYS_MAX; i++) ids.push((await newKey()).id);
    expect(statusOf(await world.service.createKey(acme, 'acme', { scopes: ['read'] }))).toBe(409);
    await world.service.revokeKey(acme, 'acme', ids[0] ?? '');
    expect(statusOf(await world.service.createKey(acme, 'acme', { scopes: ['read'] }))).toBe(200);
  });
});
