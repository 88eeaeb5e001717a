/**
 * Tenants beside each other, in virtual time: who floods the stage does not hold up who comes after, and what a tenant has to
 * wait for is its own.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { placesFor, putAside, shareOf, takePlace } from '#core/flow.ts';
import { ACTIVE_MS, LEASE_MS } from '#core/limits.ts';
import { activeKey, backlogOf, placesKey, shardId } from '#core/names.ts';
import type { Caller } from '#core/operations.ts';
import { awaitRound } from '#core/steps/await.ts';
import { dispatch } from '#core/steps/dispatch.ts';
import { plan } from '#core/steps/plan.ts';
import { sweep } from '#core/steps/sweep.ts';
import { readRun, readTenant } from '#core/store.ts';
import type { TaskSpec } from '#core/task.ts';
import { MemoryWorld, task } from '#support/memory-world.ts';

const callerOf = (tenant: string): Caller => ({ tenant, keyId: 'k', scopes: ['write'] });
const urls = (host: string, hosts: number, each: number): string[] =>
  Array.from({ length: hosts * each }, (_, i) => `https://${host}${String(i % hosts)}.example/${String(i)}`);
/** A hundred shards of a hundred targets: on two workers' worth of time it lasts for minutes. */
const FLOOD = { source: { urls: urls('flood', 100, 100) } };
const SMALL = { source: { urls: urls('small', 1, 100) } };

let world: MemoryWorld;
let wokenAt: Map<string, number>;
beforeEach(() => {
  [world, wokenAt] = fresh();
});
function fresh(): [MemoryWorld, Map<string, number>] {
  const made = new MemoryWorld();
  const woken = new Map<string, number>();
  made.workers = 5;
  made.web = () => ({ ms: 500 });
  const { wake } = made.orchestrator;
  made.orchestrator.wake = (token, output) => {
    woken.set(token.split(' ')[0] ?? '', made.clock.now());
    return wake(token, output);
  };
  return [made, woken];
}

/** Starts a run, plans and dispatches it. */
async function begin(tenant: string, change: Partial<TaskSpec>): Promise<string> {
  const started = await world.service.startInline(callerOf(tenant), task({ name: 'test', ...change }));
  if (!started.ok) throw new Error(JSON.stringify(started.refusal));
  const { id: runId } = started.value;
  const ref = { tenant, runId, attempt: 0, round: 0 };
  const ports = { ...world.ports, shardTargets: 100 };
  await world.until(plan(ports, ref));
  await world.until(dispatch(ports, ref));
  world.executions.set(runId, { attempt: 0 });
  await awaitRound(ports, { ...ref, token: `${runId} 0` });
  return runId;
}
/** Virtual milliseconds until the run's round is done. */
async function timeOf(tenant: string, change: Partial<TaskSpec>): Promise<number> {
  const from = world.clock.now();
  const runId = await begin(tenant, change);
  await world.drain(world.workers, () => wokenAt.has(runId));
  return (wokenAt.get(runId) ?? Infinity) - from;
}
const inFlight = async (tenant: string): Promise<number> =>
  Number((await world.table.get(placesKey(tenant, 'local-1')))?.count ?? 0);

describe('a flood', () => {
  it.each([1, 2, 4])(
    'of %i tenants at once leaves the time of another run as it is, within a fifth',
    async (floods) => {
      await world.addTenant('small');
      const alone = await timeOf('small', SMALL);
      [world, wokenAt] = fresh();
      await world.addTenant('small');
      for (let i = 0; i < floods; i++) {
        await world.addTenant(`flood-${String(i)}`);
        await begin(`flood-${String(i)}`, FLOOD);
      }
      // In the middle of it.
      const busy = () => world.requests.length > 300 * floods;
      await world.drain(world.workers, busy);
      expect(busy()).toBe(true);
      const beside = await timeOf('small', SMALL);
      expect(alone).toBeGreaterThan(1000);
      expect(beside / alone).toBeLessThanOrEqual(1.2);
    },
  );

  it('has all workers but the one that is kept, never more messages than places, and ends whole', async () => {
    await world.addTenant('flood');
    const runId = await begin('flood', FLOOD);
    expect(world.queued).toHaveLength(4);
    let most = 0;
    world.table.onWrite = ({ after }) =>
      void (after?.kind === 'places' && (most = Math.max(most, Number(after.count))));
    await world.drain();
    expect(most).toBe(4);
    expect(wokenAt.has(runId)).toBe(true);
    expect(await inFlight('flood')).toBe(0);
    expect((await world.table.query(backlogOf('flood', 'local-1'))).items).toEqual([]);
    expect((await world.table.get(activeKey('local-1')))?.t_flood).toBeUndefined();
  });

  it('that is stopped leaves nothing behind that holds others up', async () => {
    await world.addTenant('flood');
    const stopped = await begin('flood', FLOOD);
    await world.drain(5, () => world.requests.length > 50);
    await world.service.stopRun(callerOf('flood'), stopped);
    const next = await timeOf('flood', { ...SMALL, name: 'next' });
    expect(next).toBeLessThan(60_000);
  });
});

describe('within a tenant', () => {
  it('high goes before normal and low behind it; runs of one priority take turns', async () => {
    await world.addTenant('acme');
    const ids = [1, 2, 3].map((n) => String(n).repeat(26));
    const add = async (runId: string, priority: TaskSpec['priority'], index: number): Promise<void> => {
      const run = { tenant: 'acme', runId, ...(priority !== 'normal' && { priority }) };
      await putAside(world.ports, run as never, shardId({ round: 0, plan: 1, index }));
    };
    for (const index of [0, 1]) {
      await add(ids[0] ?? '', 'low', index);
      await add(ids[1] ?? '', 'normal', index);
      await add(ids[2] ?? '', 'normal', index);
    }
    await add(ids[0] ?? '', 'high', 7);
    const { items } = await world.table.query(backlogOf('acme', 'local-1'));
    expect(items.map(({ runId }) => String(runId)[0]).join('')).toBe('1232311');
  });

  it('a short run is not behind a long one of the same tenant', async () => {
    await world.addTenant('acme');
    const alone = await timeOf('acme', { ...SMALL, name: 'small' });
    await begin('acme', { ...FLOOD, name: 'flood' });
    await world.drain(5, () => world.requests.length > 500);
    const beside = await timeOf('acme', { ...SMALL, name: 'small' });
    // It waits for one shard to end, not for the twenty-five that are before it on each worker.
    expect(beside).toBeLessThan(alone * 4);
  });
});

describe('shares', () => {
  it('go by weight, leave something over, and are at least one', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 1_000 }), weights, (workers, all) => {
        const shares = all.map((weight, i) => shareOf(workers, weight, all.toSpliced(i, 1), null));
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(1);
        const sum = shares.reduce((a, b) => a + b, 0);
        expect(sum).toBeLessThanOrEqual(workers - 1 + all.length);
        const [heavy, light] = [Math.max(...all), Math.min(...all)];
        expect(shares[all.indexOf(heavy)]).toBeGreaterThanOrEqual(shares[all.indexOf(light)] ?? 0);
      }),
    );
  });
  it.each([
    [200, 1, [], null, 175],
    [200, 3, [1], null, 131],
    [200, 1, [], 10, 10],
    [1, 1, [], null, 1],
  ])('%i workers, weight %i beside %j, quota %s: %i', (workers, weight, others, quota, share) => {
    expect(shareOf(workers, weight, others, quota)).toBe(share);
  });
  it('count tenants that have been active of late, and forget the others', async () => {
    for (const tenant of ['one', 'two']) await world.addTenant(tenant);
    const places = async (tenant: string) => placesFor(world.ports, await readTenant(world.table, tenant));
    expect([await places('one'), await places('two'), await places('one')]).toEqual([4, 2, 2]);
    world.clock.moveTo(world.clock.now() + ACTIVE_MS + 1);
    expect(await places('one')).toBe(4);
  });
});

describe('a place', () => {
  it('of a worker that died is taken back, and its shard goes on', async () => {
    await world.addTenant('acme');
    const runId = await begin('acme', SMALL);
    const run = await readRun(world.table, 'acme', runId);
    expect(run?.rounds[0]?.shards).toBe(1);
    const dead = { v: 1, tenant: 'acme', runId, shardId: shardId({ round: 0, plan: 9, index: 0 }) } as const;
    const message = { ...dead, shardId: shardId({ round: 0, plan: 1, index: 0 }) };
    expect(await takePlace(world.ports, dead, 1)).toBe('taken');
    expect(await takePlace(world.ports, dead, 1)).toBe('had');
    expect(await takePlace(world.ports, message, 1)).toBe('full');
    world.clock.moveTo(world.clock.now() + LEASE_MS + 1);
    expect(await takePlace(world.ports, message, 1)).toBe('taken');
    expect(await inFlight('acme')).toBe(1);
  });

  it('that nobody gives up only costs time: the sweep sends the shard again', async () => {
    await world.addTenant('acme');
    const runId = await begin('acme', SMALL);
    const dead = { v: 1, tenant: 'acme', runId, shardId: shardId({ round: 0, plan: 9, index: 0 }) } as const;
    for (let i = 0; i < 4; i++)
      await takePlace(world.ports, { ...dead, shardId: shardId({ round: 0, plan: 9, index: i }) }, 4);
    await world.drain();
    expect(wokenAt.has(runId)).toBe(false);
    for (let i = 0; i < 10 && !wokenAt.has(runId); i++) {
      world.clock.moveTo(world.clock.now() + 60_000);
      await world.until(sweep(world.ports));
      await world.drain();
    }
    expect(wokenAt.has(runId)).toBe(true);
  });
});
