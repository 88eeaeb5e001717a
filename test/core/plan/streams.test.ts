import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STREAM_LOAD } from '#core/limits.ts';
import { planStreams, workersOf, type HostLoad, type StreamOptions } from '#core/plan/streams.ts';

const OPTIONS: StreamOptions = { workers: 50, concurrency: 8, slots: 16, shardMax: 1_000 };
const host = (name: string, targets: number, rate = 5, latencySeconds = 0.5): HostLoad => ({
  name,
  targets,
  rate,
  latencySeconds,
});
const hosts = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 40 }).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record({
        name: fc.constant(name),
        targets: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 100_000 })),
        rate: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
        latencySeconds: fc.double({ min: 0.02, max: 30, noNaN: true }),
      }),
    ),
  ),
);
const options = fc.record({
  workers: fc.integer({ min: 1, max: 200 }),
  concurrency: fc.integer({ min: 1, max: 256 }),
  slots: fc.integer({ min: 1, max: 64 }),
  shardMax: fc.integer({ min: 1, max: 1_000 }),
});

describe('planStreams', () => {
  it.each<[string, HostLoad[], Partial<StreamOptions>, number]>([
    ['what one worker does before another would be warm', [host('a', 100)], {}, 1],
    ['a slow host alone: nobody can hurry it', [host('a', 100_000)], {}, 1],
    ['many slow hosts share a worker', Array.from({ length: 20 }, (_, i) => host(`h${String(i)}`, 100)), {}, 5],
    [
      'work for all the workers there are',
      Array.from({ length: 500 }, (_, i) => host(`h${String(i)}`, 500, 100)),
      {},
      50,
    ],
    ['nothing at all', [], {}, 1],
  ])('%s', (_, loads, change, streams) => {
    expect(planStreams(loads, { ...OPTIONS, ...change }).targets).toHaveLength(streams);
  });

  it('deals every target to one stream, and no host more than it may have', () => {
    fc.assert(
      fc.property(hosts, options, (loads, given) => {
        const plan = planStreams(loads, given);
        expect(plan.targets.length).toBeLessThanOrEqual(given.workers);
        const dealt = plan.targets.map(() => 0);
        for (const [i, load] of loads.entries()) {
          const parts = plan.parts.get(i) ?? [{ stream: plan.streamOf[i] ?? -1, targets: load.targets, share: 1 }];
          for (const { stream, targets } of parts) dealt[stream] = (dealt[stream] ?? NaN) + targets;
          expect(parts.reduce((sum, { targets }) => sum + targets, 0)).toBe(load.targets);
          expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeLessThanOrEqual(given.concurrency);
          expect(Math.min(...parts.map(({ share }) => share))).toBeGreaterThan(0);
          expect(parts.length).toBeLessThanOrEqual(workersOf(load, given.slots));
          expect(new Set(parts.map(({ stream }) => stream)).size).toBe(parts.length);
        }
        expect(dealt).toEqual(plan.targets);
        expect(plan.shardMax.every((max) => max >= 1 && max <= given.shardMax)).toBe(true);
      }),
    );
  });

  it('is the same plan in whatever order the hosts are named', () => {
    fc.assert(
      fc.property(
        hosts,
        options,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (loads, given, chance) => {
          const keyed = loads.map((load) => ({ load, key: chance.next().value }));
          const other = keyed.sort((a, b) => a.key - b.key).map(({ load }) => load);
          const told = (all: HostLoad[]): [string, unknown][] => {
            const { streamOf, parts } = planStreams(all, given);
            return all
              .map(({ name }, i): [string, unknown] => [name, parts.get(i) ?? streamOf[i]])
              .sort(([a], [b]) => (a < b ? -1 : 1));
          };
          expect(told(other)).toEqual(told(loads));
        },
      ),
    );
  });

  it('fills no stream beyond its end, or where there is no room left the one with least work', () => {
    fc.assert(
      fc.property(hosts, options, (loads, given) => {
        const { seconds, targets, streamOf, parts } = planStreams(loads, given);
        const work = targets.map(() => 0);
        let largest = 0;
        for (const [i, load] of loads.entries())
          for (const part of parts.get(i) ?? [{ stream: streamOf[i] ?? 0, targets: load.targets }]) {
            work[part.stream] = (work[part.stream] ?? 0) + part.targets * load.latencySeconds;
            largest = Math.max(largest, part.targets * load.latencySeconds);
          }
        const mean = work.reduce((a, b) => a + b, 0) / work.length;
        const room = seconds * given.slots * STREAM_LOAD;
        expect(Math.max(...work)).toBeLessThanOrEqual(Math.max(room, mean + largest) * (1 + 1e-9));
      }),
    );
  });
});
