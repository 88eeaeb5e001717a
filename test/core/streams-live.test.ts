import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Load } from '#core/work/load.ts';
import { mayOvertake, maySplit, shareOf } from '#core/work/share.ts';
import { handedOver, isWorthSplitting, type Standing } from '#core/work/split.ts';
import { asShard } from '#core/rows.ts';
import { MemoryWorld, caller, task } from '../support/memory-world.ts';

const standing: Standing = { behind: 900, waiting: 100, perSecond: 10, busy: 1, criticalSeconds: 0 };

describe('isWorthSplitting', () => {
  it.each<[string, Partial<Standing>, boolean]>([
    ['a stream that will last, held up by its own slots', {}, true],
    ['nothing left to give away', { behind: 0 }, false],
    ['slots to spare: its hosts hold it up', { busy: 0.5 }, false],
    ['soon over', { perSecond: 100 }, false],
    ['a host of the run takes as long anyway', { criticalSeconds: 90 }, false],
    ['longer than the slowest host', { criticalSeconds: 50 }, true],
    ['nothing came to an end', { perSecond: 0 }, true],
  ])('%s: %s', (_, change, expected) => {
    expect(isWorthSplitting({ ...standing, ...change })).toBe(expected);
  });
  it('gives away half, and no more than there is', () => {
    expect(handedOver({ behind: 900, waiting: 100 })).toBe(500);
    expect(handedOver({ behind: 10, waiting: 100 })).toBe(10);
  });
});

describe('shares', () => {
  it('all streams of a task and what lags keep its concurrency together, however often they are split', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 256 }),
        fc.array(fc.record({ which: fc.nat(20), how: fc.constantFrom('split', 'overtake') }), { maxLength: 40 }),
        (share, acts) => {
          let open: { share: number; splits: number; beside?: string[]; lags?: true }[] = [{ share, splits: 0 }];
          for (const { which, how } of acts) {
            const shard = open[which % open.length];
            if (shard === undefined) continue;
            if (how === 'split' && maySplit(shard)) {
              shard.splits++;
              open.push({ share, splits: shard.splits });
            } else if (how === 'overtake' && mayOvertake(shard)) {
              const beside = [...(shard.beside ?? []), 'x'];
              open.push({ share, splits: shard.splits, beside });
              open = open.map((each) => (each === shard ? { ...shard, lags: true as const } : each));
            }
          }
          const sum = open.reduce((all, shard) => all + shareOf(shard, 'h'), 0);
          expect(sum).toBeLessThanOrEqual(share);
        },
      ),
    );
  });
  it('a host that was dealt to several streams has its own share in each', () => {
    const shard = { share: 8, shares: { 'big.example': 3 } };
    expect([shareOf(shard, 'big.example'), shareOf(shard, 'a.example')]).toEqual([3, 8]);
    expect([mayOvertake({ ...shard, shares: { b: 1 } }), maySplit({ ...shard, shares: { b: 1 } })]).toEqual([
      false,
      false,
    ]);
  });
});

it('Load: tells how full the slots were since the last look', () => {
  const load = new Load(4, 0);
  load.started(0);
  load.started(500);
  expect(load.room).toBe(2);
  expect(load.look(900, 1_000)).toBeUndefined();
  load.landed(1_000);
  expect(load.look(1_000, 1_000)).toEqual({ busy: 1.5 / 4, perSecond: 1 });
  expect(load.look(2_000, 1_000)).toEqual({ busy: 1 / 4, perSecond: 0 });
});

it('Load: what is done with an answer takes no slot, and is no idling', () => {
  const load = new Load(1, 0);
  load.started(0);
  load.landed(100);
  expect(load.room).toBe(1);
  load.ended(150);
  expect(load.idleUntil(175)).toBe(25);
});

describe('a stream at work', () => {
  const urls = Array.from({ length: 60 }, (_, i) => `https://a.example/${String(i)}`);
  const pace = { requestsPerSecond: 1_000, concurrency: 8, adapt: false };

  it('goes on while one answer is slow: the next shard begins beside it, in the same worker', async () => {
    const world = await new MemoryWorld().open();
    world.web = ({ url }) => ({ ms: url.endsWith('/0') ? 20_000 : 50 });
    const ports = { ...world.ports, shardTargets: 20 };
    Object.defineProperty(world, 'ports', { get: () => ports });
    const runId = await world.startRun(task({ source: { urls }, pace }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const last = Math.max(...world.requests.map(({ at }) => at));
    expect(last - Math.min(...world.requests.map(({ at }) => at))).toBeLessThan(5_000);
    expect(world.inFlightMax.get('a.example')).toBeLessThanOrEqual(8);
    expect(world.requests).toHaveLength(60);
  });

  it('looks at a host once for all the shards that a worker goes through', async () => {
    const world = await new MemoryWorld().open();
    world.web = () => ({ ms: 50 });
    const looks: string[] = [];
    const get = world.pace.get.bind(world.pace);
    world.pace.get = (key) => {
      if (key.sk === 'PACE') looks.push(key.pk);
      return get(key);
    };
    const ports = { ...world.ports, shardTargets: 20 };
    Object.defineProperty(world, 'ports', { get: () => ports });
    const runId = await world.startRun(task({ source: { urls }, pace }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect(world.requests).toHaveLength(60);
    // The planner, which asks how fast it is, and the worker.
    expect(looks).toEqual(['H#a.example', 'H#a.example']);
  });

  it('tells what it learnt last, though the shard that was to go on beside it could not be opened', async () => {
    const world = await new MemoryWorld().open();
    world.web = ({ url }) => ({ ms: url.endsWith('/0') ? 20_000 : 50 });
    const { objects } = world.ports;
    const readBatches = objects.readBatches.bind(objects);
    let isOut = false;
    objects.readBatches = (key) => {
      if (isOut || world.requests.length < 15) return readBatches(key);
      isOut = true;
      throw new Error('out of reach');
    };
    const ports = { ...world.ports, shardTargets: 20 };
    Object.defineProperty(world, 'ports', { get: () => ports });
    const runId = await world.startRun(task({ source: { urls }, pace }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect([isOut, world.requests.length]).toEqual([true, 60]);
    // It shares its hosts with nobody any more.
    expect(world.pace.peekAll('H#a.example')).toMatchObject([{ ok: 60 }]);
  });

  it('asks on while answers are still to be read', async () => {
    const world = await new MemoryWorld().open();
    world.web = () => ({ ms: 50 });
    const { fetcher } = world.ports;
    const whenQuiet: typeof fetcher.whenQuiet = async (_bytes, job) => {
      await world.clock.sleep(10_000);
      return job();
    };
    const ports = { ...world.ports, fetcher: { ...fetcher, whenQuiet } };
    Object.defineProperty(world, 'ports', { get: () => ports });
    const runId = await world.startRun(task({ source: { urls }, pace: { ...pace, concurrency: 2 } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const times = world.requests.map(({ at }) => at);
    expect(times).toHaveLength(60);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(10_000);
    expect(world.inFlightMax.get('a.example')).toBe(2);
  });

  it('is split when its worker is full and workers are idle, and every target is asked for once', async () => {
    const world = await new MemoryWorld().open();
    world.web = () => ({ ms: 1_000 });
    const ports = { ...world.ports, shardTargets: 5, slots: 2, splitSeconds: 1 };
    Object.defineProperty(world, 'ports', { get: () => ports });
    const runId = await world.startRun(task({ source: { urls }, pace }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const rows = world.table.peekAll(`T#acme#RUN#${runId}`, 'S#').map(asShard);
    expect(rows.filter(({ first }) => first === true).length).toBeGreaterThan(0);
    expect(new Set(world.requests.map(({ url }) => url)).size).toBe(60);
    expect(world.requests).toHaveLength(60);
    const run = await world.service.getRun(caller, runId);
    expect(run.ok && run.value.progress.collected).toBe(60);
    // Two workers' worth of slots were used at once.
    expect(world.inFlightMax.get('a.example')).toBeGreaterThan(2);
  });
});
