/** Hosts as tenants see them: what is shown to whom, and whose word holds for whom. */
import { beforeEach, describe, expect, it } from 'vitest';
import { HOST_SEEN_SECONDS } from '#core/limits.ts';
import { paceKey } from '#core/names.ts';
import type { Caller, HostWord, Outcome } from '#core/operations.ts';
import { MemoryWorld, task } from '#support/memory-world.ts';
import { ok, urls } from '#support/run-outcome.ts';

const by = (tenant: string, ...scopes: Caller['scopes']): Caller => ({ tenant, keyId: 'k', scopes });
const [acme, other] = [by('acme', 'write'), by('other', 'write', 'admin')];
const operator = by('ops', 'read', 'write', 'admin');
const PAGE = { limit: 100 };
const statusOf = (outcome: Outcome<unknown>): number => (outcome.ok ? 200 : outcome.refusal.status);

let world: MemoryWorld;
beforeEach(async () => {
  world = await new MemoryWorld().open();
  await world.addTenant('other');
  await world.addTenant('ops', { permissions: ['operator'] });
  const source = { urls: [...urls(12), ...urls(3, 'b.example')] };
  const runId = await world.startRun(task({ source }));
  expect(await world.play(runId)).toBe('SUCCEEDED');
});
const listed = async (caller: Caller): Promise<string[]> =>
  ok(await world.service.listHosts(caller, PAGE)).items.map(({ host }) => host);

describe('a host', () => {
  it('is shown with its pace and the reason to those who have targets in it, and to nobody else', async () => {
    expect(await listed(acme)).toEqual(['a.example', 'b.example']);
    expect(await listed(other)).toEqual([]);
    const host = ok(await world.service.getHost(acme, 'a.example'));
    expect(host).toMatchObject({ host: 'a.example', accepted: 12, window: { limited: 0 } });
    expect(host.requestsPerSecond).toBeGreaterThan(0);
    expect(host.because).not.toBe('');
    expect(statusOf(await world.service.getHost(other, 'a.example'))).toBe(404);
    expect(ok(await world.service.getHost(operator, 'a.example')).accepted).toBe(12);
  });

  it('pages by name, and is forgotten some days after the last target', async () => {
    const first = ok(await world.service.listHosts(acme, { limit: 1 }));
    const { nextCursor: cursor = '' } = first;
    const second = ok(await world.service.listHosts(acme, { limit: 1, cursor }));
    expect([...first.items, ...second.items].map(({ host }) => host)).toEqual(['a.example', 'b.example']);
    world.clock.moveTo(world.clock.now() + HOST_SEEN_SECONDS * 1000 + 60_000);
    expect(await listed(acme)).toEqual([]);
    expect(statusOf(await world.service.getHost(acme, 'a.example'))).toBe(404);
  });

  it.each(['', 'a b', 'https://a.example', 'A.example', 'a.example/x', 'x'.repeat(300)])('is no %j', async (name) => {
    for (const outcome of [
      await world.service.getHost(operator, name),
      await world.service.putHost(operator, name, { stop: true }),
      await world.service.deleteHost(operator, name),
    ])
      expect(statusOf(outcome)).toBe(404);
  });
});

describe('a word', () => {
  const put = async (caller: Caller, word: HostWord, host = 'a.example') =>
    ok(await world.service.putHost(caller, host, word));

  it('of a tenant holds for it alone and tells it nothing about hosts of others', async () => {
    const told = await put(other, { requestsPerSecond: 1 });
    expect(told).toMatchObject({ tenant: { requestsPerSecond: 1, stop: false }, limit: 1, accepted: 0, why: 'tenant' });
    expect(ok(await world.service.getHost(acme, 'a.example'))).not.toHaveProperty('limit');
    expect(await world.pace.get(paceKey('a.example'))).not.toHaveProperty('opMax');
  });

  it('of an operator holds for everyone, unless he says that it is his own', async () => {
    await put(operator, { requestsPerSecond: 0.5 });
    expect(ok(await world.service.getHost(acme, 'a.example'))).toMatchObject({
      ...{ limit: 0.5, requestsPerSecond: 0.5, why: 'operator', operator: { requestsPerSecond: 0.5, stop: false } },
    });
    await put(operator, { stop: true, scope: 'tenant' }, 'b.example');
    expect(ok(await world.service.getHost(acme, 'b.example')).requestsPerSecond).toBeGreaterThan(0);
  });

  it('for everyone is refused to whoever is no operator, or has no admin key', async () => {
    for (const caller of [acme, other, by('ops', 'write')]) {
      expect(statusOf(await world.service.putHost(caller, 'a.example', { stop: true, scope: 'everyone' }))).toBe(403);
      expect(statusOf(await world.service.deleteHost(caller, 'a.example', 'everyone'))).toBe(403);
    }
    expect(await world.pace.get(paceKey('a.example'))).not.toHaveProperty('opStop');
  });

  it('composes: the narrowest holds, a stop before all, and each is taken back by who said it', async () => {
    await put(operator, { requestsPerSecond: 3 });
    expect(await put(acme, { requestsPerSecond: 7 })).toMatchObject({ limit: 3 });
    expect(await put(acme, { stop: true })).toMatchObject({ requestsPerSecond: 0, why: 'stopped' });
    expect(statusOf(await world.service.deleteHost(acme, 'a.example'))).toBe(200);
    expect(ok(await world.service.getHost(acme, 'a.example'))).toMatchObject({ limit: 3 });
    expect(statusOf(await world.service.deleteHost(operator, 'a.example'))).toBe(200);
    const free = ok(await world.service.getHost(acme, 'a.example'));
    expect(free).not.toHaveProperty('limit');
    expect(free).not.toHaveProperty('tenant');
  });
});
