/** Quotas where they are spent: nothing is refused that can wait, nothing is dropped, and each says its name. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runSlotsKey, tenantKey } from '#core/names.ts';
import type { RunView } from '#core/operations.ts';
import { UNBOUNDED, type Quotas } from '#core/quotas.ts';
import { admit } from '#core/quota-gate.ts';
import { allowances } from '#core/service/allowance.ts';
import { sweep } from '#core/steps/sweep.ts';
import { readTenant } from '#core/store.ts';
import { charge } from '#core/usage.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';
import { ok, urls } from '#support/run-outcome.ts';

async function worldWith(quotas: Partial<Quotas>): Promise<MemoryWorld> {
  const world = await new MemoryWorld().open();
  await setQuotas(world, quotas);
  return world;
}
const setQuotas = async (world: MemoryWorld, quotas: Partial<Quotas>): Promise<void> => {
  await world.table.update(tenantKey('acme'), { set: { quotas: { ...UNBOUNDED, ...quotas } } });
};
async function pass(world: MemoryWorld, ms = 61_000): Promise<void> {
  world.clock.moveTo(world.clock.now() + ms);
  await world.until(sweep(world.ports));
}
const seen = async (world: MemoryWorld, runId: string): Promise<RunView> =>
  ok(await world.service.getRun(caller, runId));
const start = (world: MemoryWorld, name: string, count = 3): Promise<string> =>
  world.startRun(task({ name, source: { urls: urls(count) } }));
/** What workers and planners leave in the meter, which `MemoryWorld` does not run. */
const use = (world: MemoryWorld, usage: { targets?: number; lambdaGbMs?: number; stored?: number }) =>
  charge(world.table, { tenant: 'acme', runId: '01m82v7mk1t9v426v03kx6v2a8' }, usage, world.clock.now());

describe('concurrentRuns', () => {
  it('lets the next begin when one has ended, and no two at once', async () => {
    const world = await worldWith({ concurrentRuns: 1 });
    const [first, second] = [await start(world, 'one'), await start(world, 'two')];
    expect(await seen(world, first)).not.toHaveProperty('heldBy');
    expect(await seen(world, second)).toMatchObject({ state: 'QUEUED', heldBy: 'quota', quota: 'concurrentRuns' });
    const told = ok(await world.service.timeline(caller, second, { limit: 9 })).items.map(({ detail }) => detail);
    expect(told).toContain('the quota concurrentRuns (1) is used up');
    await pass(world);
    expect(world.executions.has(second)).toBe(false);
    expect(await world.play(first)).toBe('SUCCEEDED');
    await pass(world);
    expect(world.executions.has(second)).toBe(true);
    expect(await seen(world, second)).not.toHaveProperty('quota');
    expect(await world.play(second)).toBe('SUCCEEDED');
    expect((await world.table.get(runSlotsKey('acme')))?.count).toBe(0);
  });

  it('holds a run that is stopped meanwhile no longer, and gives its place to none twice', async () => {
    const world = await worldWith({ concurrentRuns: 1 });
    const [first, second] = [await start(world, 'one'), await start(world, 'two')];
    ok(await world.service.stopRun(caller, second));
    expect(await world.play(second)).toBe('STOPPED');
    expect(await world.play(first)).toBe('SUCCEEDED');
    await pass(world);
    expect((await world.table.get(runSlotsKey('acme')))?.count).toBe(0);
  });

  it('is taken back from a run that never came to be, and not from one that lives', async () => {
    const world = await worldWith({ concurrentRuns: 1 });
    const tenant = await readTenant(world.table, 'acme');
    const ghost = { tenant: 'acme', runId: '01m82v7mmwt9v426v03kx6v2a8' };
    expect(await admit(world.ports, tenant, ghost)).toBeUndefined();
    expect(await admit(world.ports, tenant, ghost)).toBeUndefined();
    const runId = await start(world, 'one');
    expect(await seen(world, runId)).toMatchObject({ quota: 'concurrentRuns' });
    await pass(world);
    await pass(world);
    expect(await seen(world, runId)).not.toHaveProperty('quota');
    expect(await admit(world.ports, tenant, ghost)).toBe('concurrentRuns');
    expect(await world.play(runId)).toBe('SUCCEEDED');
  });

  it('counts a redriven run again', async () => {
    const world = await worldWith({ concurrentRuns: 1 });
    world.web = () => ({ status: 404 });
    const first = await start(world, 'one');
    expect(await world.play(first)).toBe('FAILED');
    const second = await start(world, 'two');
    expect(ok(await world.service.redriveRun(caller, first))).toMatchObject({ state: 'QUEUED' });
    expect(await seen(world, first)).toMatchObject({ heldBy: 'quota', quota: 'concurrentRuns' });
    world.web = () => ({});
    expect(await world.play(second)).toBe('SUCCEEDED');
    await pass(world);
    expect(await seen(world, first)).not.toHaveProperty('heldBy');
    expect(await world.play(first)).toBe('SUCCEEDED');
  });
});

describe('what is used up by days and months', () => {
  it.each<[string, Partial<Quotas>, Parameters<typeof use>[1], number]>([
    ['targetsPerDay', { targetsPerDay: 100 }, { targets: 100 }, 24 * 3_600_000],
    ['costUsdPerMonth', { costUsdPerMonth: 1 }, { lambdaGbMs: 100_000_000 }, 31 * 24 * 3_600_000],
  ])('%s holds new runs until the next', async (quota, quotas, usage, ms) => {
    const world = await worldWith(quotas);
    await use(world, usage);
    const runId = await start(world, 'one');
    expect(await seen(world, runId)).toMatchObject({ state: 'QUEUED', heldBy: 'quota', quota });
    await pass(world);
    expect(world.executions.has(runId)).toBe(false);
    await pass(world, ms);
    expect(world.executions.has(runId)).toBe(true);
    expect(await world.play(runId)).toBe('SUCCEEDED');
  });

  it('storedBytes holds new runs until it is raised: nothing is deleted for it', async () => {
    const world = await worldWith({ storedBytes: 1_000 });
    await use(world, { stored: 999 });
    const first = await start(world, 'one');
    expect(await seen(world, first)).not.toHaveProperty('heldBy');
    await use(world, { stored: 1 });
    const second = await start(world, 'two');
    expect(await seen(world, second)).toMatchObject({ heldBy: 'quota', quota: 'storedBytes' });
    await pass(world, 31 * 24 * 3_600_000);
    expect(world.executions.has(second)).toBe(false);
    await setQuotas(world, { storedBytes: 2_000 });
    await pass(world);
    expect(world.executions.has(second)).toBe(true);
  });

  it('lets a running one rest, keeps its time, and goes on to the end when it is raised', async () => {
    const world = await worldWith({ targetsPerDay: 10 });
    const pace = { requestsPerSecond: 10, concurrency: 4, adapt: false };
    const runId = await world.startRun(task({ source: { urls: urls(40) }, pace }));
    const state = await world.play(runId, async () => {
      await world.drain(1, () => world.requests.length >= 10, 1);
      await use(world, { targets: 10 });
      await pass(world);
      await world.drain();
      expect(await seen(world, runId)).toMatchObject({ state: 'PAUSED', heldBy: 'quota', quota: 'targetsPerDay' });
      const asked = world.requests.length;
      await pass(world);
      await world.drain();
      expect(world.requests).toHaveLength(asked);
      await setQuotas(world, { targetsPerDay: 1_000 });
      await pass(world);
      await world.drain();
    });
    expect(state).toBe('SUCCEEDED');
    const { progress } = await seen(world, runId);
    expect(progress).toMatchObject({ discovered: 40, collected: 40 });
    expect(await seen(world, runId)).not.toHaveProperty('quota');
  });
});

describe('requestsPerMinute', () => {
  it('is never passed, however many sandboxes ask and in whatever order, and begins anew each minute', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 0, max: 9_000 })), { minLength: 1, maxLength: 300 }),
        async (limit, asks) => {
          const world = await worldWith({ requestsPerMinute: limit });
          const sandboxes = Array.from({ length: 4 }, () => allowances(world.ports));
          const allowed = new Map<number, number>();
          for (const [who, ms] of asks) {
            world.clock.moveTo(world.clock.now() + ms);
            const minute = Math.floor(world.clock.now() / 60_000);
            const allowance = await sandboxes[who]?.('acme');
            if (allowance?.isOver === false) allowed.set(minute, (allowed.get(minute) ?? 0) + 1);
            if (allowance?.limit !== undefined) expect(allowance.remaining).toBeGreaterThanOrEqual(0);
          }
          for (const count of allowed.values()) expect(count).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is used to the full by one sandbox', async () => {
    const world = await worldWith({ requestsPerMinute: 100 });
    const ask = allowances(world.ports);
    const all = [];
    for (let i = 0; i < 103; i++) all.push(await ask('acme'));
    expect(all.filter(({ isOver }) => !isOver)).toHaveLength(100);
    expect(all.at(-1)).toMatchObject({ isOver: true, limit: 100, remaining: 0 });
    world.clock.moveTo(world.clock.now() + 60_000);
    expect(await ask('acme')).toMatchObject({ isOver: false, remaining: 99 });
  });

  it('is no bound where there is none', async () => {
    const world = await worldWith({});
    expect(await allowances(world.ports)('acme')).toEqual({ isOver: false });
  });
});
