import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundTargets, type Dealt } from '#core/plan/round-targets.ts';
import { Records, eachRecord } from '#core/plan/records.ts';
import { planStreams } from '#core/plan/streams.ts';
import { MemoryObjects } from '../../../src/sim/memory-objects.ts';

type Shard = Omit<Dealt, 'lines'> & { lines: string[] };

async function deal(
  hosts: readonly string[],
  { shardMax = 10, heldBytes = 1 << 20, chunkBytes = 1 << 22, workers = 3, secondsMin = 0.1 } = {},
): Promise<{ dealt: Shard[]; objects: MemoryObjects }> {
  const objects = new MemoryObjects();
  const targets = new RoundTargets({ objects, keyOf: (file) => `plan/${file}`, heldBytes, chunkBytes });
  for (const [i, host] of hosts.entries()) await targets.add(host, `${host}/${String(i)} ü`);
  const loads = targets.names.map((name, i) => ({
    name,
    targets: targets.counts[i] ?? 0,
    rate: 5,
    latencySeconds: 0.5,
  }));
  const plan = planStreams(loads, { workers, concurrency: 8, slots: 4, shardMax, secondsMin });
  const dealt: Shard[] = [];
  for await (const { lines, ...each } of targets.deal(plan)) {
    const text = new TextDecoder().decode(lines);
    expect(text.endsWith('\n')).toBe(true);
    dealt.push({ ...each, lines: text.split('\n').slice(0, -1) });
  }
  return { dealt, objects };
}
const names = fc.array(
  fc.integer({ min: 0, max: 6 }).map((n) => `h${String(n * n)}`),
  { maxLength: 300 },
);

describe('RoundTargets', () => {
  it('puts every target into exactly one shard, none too large, none empty, streams one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom(200, 1 << 20),
        async (hosts, shardMax, chunkBytes) => {
          const { dealt, objects } = await deal(hosts, { shardMax, heldBytes: 0, chunkBytes });
          expect(dealt.flatMap(({ lines }) => lines).sort()).toEqual(
            hosts.map((host, i) => `${host}/${String(i)} ü`).sort(),
          );
          expect(dealt.every(({ lines }) => lines.length > 0 && lines.length <= shardMax)).toBe(true);
          expect(dealt.every(({ lines, targets }) => lines.length === targets)).toBe(true);
          const streams = dealt.map(({ stream }) => stream);
          expect(streams).toEqual([...streams].sort((a, b) => a - b));
          for (const { lines, hosts: shown } of dealt)
            expect(new Set(shown)).toEqual(new Set(lines.map((line) => line.split('/')[0])));
          // What was put aside is gone.
          expect(objects.stored.size).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('deals the same shards again, whether they are held in memory or put aside', async () => {
    const hosts = Array.from({ length: 3_000 }, (_, i) => `h${String((i * i) % 17)}`);
    const { dealt } = await deal(hosts);
    expect((await deal(hosts)).dealt).toEqual(dealt);
    expect((await deal(hosts, { heldBytes: 0, chunkBytes: 1_000 })).dealt).toEqual(dealt);
  });

  it('spreads a host over all shards of its stream, also when a source names its targets in a row', async () => {
    const hosts = Array.from({ length: 10 }, (_, i) => Array.from({ length: 100 }, () => `h${String(i)}`)).flat();
    const { dealt } = await deal(hosts, { shardMax: 100, workers: 1 });
    expect(dealt).toHaveLength(10);
    for (const { lines } of dealt)
      for (let i = 0; i < 10; i++) {
        const own = lines.filter((line) => line.startsWith(`h${String(i)}/`)).length;
        expect(Math.abs(own - 10)).toBeLessThanOrEqual(1);
      }
  });
});

describe('Records', () => {
  it('hold no more than they may and what is being filled, and give back what they were given in its order', async () => {
    const objects = new MemoryObjects();
    const budget = { held: 0, max: 4_000 };
    const records = new Records({ objects, keyOf: (n) => `k${String(n)}`, chunkBytes: 1_000, budget });
    let most = 0;
    for (let i = 0; i < 2_000; i++) {
      await records.add(i, i * 2, `line ${String(i)}`);
      most = Math.max(most, budget.held);
    }
    // A file never holds more than the bound, the chunk at hand and the one that takes its place.
    expect(most).toBeLessThanOrEqual(4_000 + 2 * 16 * 1024);
    expect(objects.stored.size).toBeGreaterThan(10);
    const read: [number, number, string][] = [];
    for await (const chunk of records.chunks())
      await eachRecord(chunk, (a, b, start, end) => {
        read.push([a, b, chunk.toString('utf8', start, end)]);
        return undefined;
      });
    expect(read).toEqual(Array.from({ length: 2_000 }, (_, i) => [i, i * 2, `line ${String(i)}`]));
    expect(budget.held).toBe(0);
    expect(objects.stored.size).toBe(0);
  });

  it('take a line that is longer than a chunk', async () => {
    const budget = { held: 0, max: 0 };
    const records = new Records({ objects: new MemoryObjects(), keyOf: String, chunkBytes: 100, budget });
    const lines = ['a', 'ü'.repeat(100_000), 'b'];
    for (const line of lines) await records.add(0, 0, line);
    const read: string[] = [];
    for await (const chunk of records.chunks())
      await eachRecord(chunk, (_a, _b, start, end) => {
        read.push(chunk.toString('utf8', start, end));
        return undefined;
      });
    expect(read).toEqual(lines);
  });
});
