import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cutter, type Cut } from '#core/cut.ts';

function cutAll(hosts: string[], options: ConstructorParameters<typeof Cutter>[0]): Cut[] {
  const cutter = new Cutter(options);
  const cuts = hosts.flatMap((host, i) => cutter.add({ url: `https://${host}/${String(i)}` }, host));
  return [...cuts, ...cutter.finish()];
}

describe('Cutter', () => {
  it('keeps every target exactly once, within the shard size', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: 0, max: 6 }).map((n) => `h${String(n * n)}`),
          { maxLength: 300 },
        ),
        fc.integer({ min: 1, max: 20 }),
        (hosts, shardMax) => {
          const cuts = cutAll(hosts, { concurrency: 8, shardMax });
          expect(cuts.flatMap(({ targets }) => targets.map(({ url }) => url)).sort()).toEqual(
            hosts.map((host, i) => `https://${host}/${String(i)}`).sort(),
          );
          expect(cuts.every(({ targets }) => targets.length <= shardMax && targets.length > 0)).toBe(true);
          // A host is in one shard, or in the shards of its lanes: never in two that may run at once beyond its share.
          for (const host of new Set(hosts)) {
            const own = cuts.filter((cut) => cut.hosts.includes(host));
            expect(new Set(own.map(({ lane }) => lane ?? 'packed')).size).toBe(1);
          }
        },
      ),
    );
  });
  it('is the same when done again', () => {
    const hosts = Array.from({ length: 500 }, (_, i) => `h${String(i % 7)}`);
    expect(cutAll(hosts, { concurrency: 8, shardMax: 20 })).toEqual(cutAll(hosts, { concurrency: 8, shardMax: 20 }));
  });
  it('gives a host of high concurrency several lanes that share it', () => {
    const cuts = cutAll(
      Array.from({ length: 100 }, () => 'big'),
      { concurrency: 100, shardMax: 10 },
    );
    const lanes = new Map(cuts.map(({ lane, share }) => [lane, share]));
    expect(lanes.size).toBe(4);
    expect([...lanes.values()].reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(100);
  });
  it('holds no more than it may, whatever the number of hosts', () => {
    const cutter = new Cutter({ concurrency: 1, shardMax: 100, bufferMax: 50 });
    const cuts = Array.from({ length: 1000 }, (_, i) =>
      cutter.add({ url: `https://h${String(i)}/` }, `h${String(i)}`),
    ).flat();
    expect(cuts.length).toBe(20);
  });
});
