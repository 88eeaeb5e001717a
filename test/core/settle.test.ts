/** What is done when a run has ended: objects that lost leases and lost plans left behind are deleted. */
import { describe, expect, it } from 'vitest';
import { LEASE_MS, PLAN_CHUNK_BYTES, PLAN_HELD_BYTES, SETTLE_OBJECTS_MAX } from '#core/limits.ts';
import { planPrefix, runPk, uploadObject } from '#core/names.ts';
import type { Change } from '#core/ports.ts';
import { plan } from '#core/steps/plan.ts';
import { allShards, readRun } from '#core/store.ts';
import type { ShardRow } from '#core/rows.ts';
import { sweep } from '#core/steps/sweep.ts';
import { work } from '#core/steps/work.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';
import { ok, outcome, urls } from '#support/run-outcome.ts';

/** A port one of whose calls never comes back: that of the given name whose arguments fit. */
function dying<T extends object>(port: T, call: string, fits: (change: Change) => boolean = () => true): T {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown =>
        name === call && fits(args[1] as Change)
          ? Promise.reject(new Error('killed'))
          : (member.apply(target, args) as unknown);
    },
  });
}

describe('after the end', () => {
  it('the sweep deletes what a lost lease has written and no row names', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(30) } }));
    const key = (kind: string, name: string): string => `t/acme/runs/${runId}/${kind}/${name}.ndjson.gz`;
    const orphan = 'r000p001s000000-1-0001';
    await world.play(runId, async () => {
      const [entry] = world.queued.splice(0);
      if (entry === undefined) throw new Error('nothing was sent');
      // Dies after its objects and before its row.
      const table = dying(world.table, 'update', (change) => change.append !== undefined);
      expect(await world.until(work({ ...world.ports, table }, entry.message, Infinity))).toBe('released');
      expect(await world.objects.exists(key('ledger', orphan))).toBe(true);
      world.clock.moveTo(world.clock.now() + LEASE_MS);
      world.queued.push(entry);
      await world.drain();
    });
    await outcome(world, runId);
    await swept(world);
    expect(await world.objects.exists(key('ledger', orphan))).toBe(false);
    expect(await world.objects.exists(key('parts', orphan))).toBe(false);
    await outcome(world, runId);
    expect((await readRun(world.table, 'acme', runId))?.dueAt).toBeUndefined();
  });

  it('shards that have lost hundreds of leases are gone through in as many passes as they take, each but once', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(5_000) } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const run = await readRun(world.table, 'acme', runId);
    const shards: ShardRow[] = [];
    for await (const shard of allShards(world.table, run!)) shards.push(shard);
    expect(shards.length).toBeGreaterThan(2);
    for (const { pk, sk } of shards) await world.table.update({ pk, sk }, { set: { epoch: 400 } });
    const deleted: string[] = [];
    const objects = new Proxy(world.objects, {
      get: (target, name) =>
        name === 'delete'
          ? (key: string) => (deleted.push(key), target.delete(key))
          : (Reflect.get(target, name) as unknown),
    });
    let passes = 0;
    for (let settled = 0; settled === 0; passes++) {
      world.clock.moveTo(world.clock.now() + 120_000);
      settled = (await world.until(sweep({ ...world.ports, objects }))).runsSettled;
      expect(deleted.length).toBeLessThan((passes + 1) * 2 * SETTLE_OBJECTS_MAX);
    }
    // 399 leases of each, three names of each.
    expect(deleted).toHaveLength(new Set(deleted).size);
    expect(deleted).toHaveLength(shards.length * 399 * 3);
    expect(passes).toBeGreaterThanOrEqual(shards.length);
  });

  it('the sweep deletes what a planner that died has put aside', async () => {
    const world = await new MemoryWorld().open();
    const upload = '0'.repeat(25) + '1';
    const long = 'x'.repeat(8_000);
    const targets = Math.ceil((PLAN_HELD_BYTES + PLAN_CHUNK_BYTES) / long.length);
    const lines = Array.from({ length: targets }, (_, i) => `https://a.example/${String(i)}?${long}`);
    await world.objects.writeLines(uploadObject('acme', upload), lines);
    const runId = await world.startRun(task({ source: { list: `upload:${upload}` } }));
    const aside = (): Promise<string[]> => world.objects.list(`t/acme/runs/${runId}/plan/`, 100);
    const objects = dying(world.objects, 'readBytes');
    const ref = { tenant: 'acme', runId, attempt: 0, round: 0 };
    await expect(world.until(plan({ ...world.ports, objects }, ref))).rejects.toThrow('killed');
    expect((await aside()).length).toBeGreaterThan(5);
    ok(await world.service.stopRun(caller, runId));
    expect(await world.play(runId)).toBe('STOPPED');
    await swept(world);
    expect(await aside()).toEqual([]);
  });

  it('the sweep deletes the targets and rows of a plan that never counted, and no others', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: [...urls(30), 'nonsense'] } }));
    const left = async (): Promise<string[]> =>
      (await world.objects.list(`t/acme/runs/${runId}/`, 100)).filter((key) => /targets|ledger.plan/.test(key));
    const table = dying(world.table, 'update', (change: Change) => change.append !== undefined);
    const ref = { tenant: 'acme', runId, attempt: 0, round: 0 };
    await expect(world.until(plan({ ...world.ports, table }, ref))).rejects.toThrow('killed');
    expect(await world.play(runId)).toBe('PARTIAL');
    const [lost, counted] = [/p001/, /p002/].map(
      (epoch) => async () => (await left()).filter((key) => epoch.test(key)),
    );
    const before = await counted?.();
    const rows = async (plan: number) =>
      (await world.table.query({ pk: runPk('acme', runId), prefix: planPrefix(0, plan) })).items.length;
    const kept = await rows(2);
    expect([await rows(1), kept]).toEqual([kept, kept]);
    expect(kept).toBeGreaterThan(0);
    expect([(await lost?.())?.length, before?.length]).toEqual([2, 2]);
    await swept(world);
    expect([await lost?.(), await counted?.()]).toEqual([[], before]);
    expect([await rows(1), await rows(2)]).toEqual([0, kept]);
    await outcome(world, runId);
  });

  it('in batches: what one pass leaves of them the next takes, and until then the run stays due', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(3) } }));
    const table = dying(world.table, 'update', (change: Change) => change.append !== undefined);
    const ref = { tenant: 'acme', runId, attempt: 0, round: 0 };
    await expect(world.until(plan({ ...world.ports, table }, ref))).rejects.toThrow('killed');
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const lost = { pk: runPk('acme', runId), prefix: planPrefix(0, 1) };
    for (let i = 0; i < SETTLE_OBJECTS_MAX; i++)
      await world.table.put({ pk: lost.pk, sk: `${lost.prefix}${String(900_000 + i)}`, kind: 'shard' });
    const pass = async (): Promise<number> => {
      world.clock.moveTo(world.clock.now() + 120_000);
      return (await world.until(sweep(world.ports))).runsSettled;
    };
    expect(await pass()).toBe(0);
    expect((await world.table.query(lost)).items.length).toBeGreaterThan(0);
    expect(await pass()).toBe(1);
    expect((await world.table.query(lost)).items).toEqual([]);
  });
});

async function swept(world: MemoryWorld): Promise<void> {
  world.clock.moveTo(world.clock.now() + 120_000);
  expect(await world.until(sweep(world.ports))).toMatchObject({ runsSettled: 1, failures: 0 });
}
