import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalUs, reserve } from '#core/pace.ts';
import { MemoryTable } from '../../src/sim/memory-table.ts';

describe('reservations', () => {
  it('never overlap, whoever asks, at whatever time, for however many', async () => {
    const asks = fc.array(
      fc.record({
        wait: fc.integer({ min: 0, max: 3000 }),
        count: fc.integer({ min: 1, max: 50 }),
        rate: fc.integer({ min: 1, max: 200 }),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(asks, async (list) => {
        const table = new MemoryTable();
        let now = 1_000_000;
        const granted: [number, number][] = [];
        for (let i = 0; i < list.length; i += 3) {
          now += list[i]?.wait ?? 0;
          const together = list
            .slice(i, i + 3)
            .map(({ count, rate }) => reserve(table, 'h', count, intervalUs(rate), now));
          for (const got of await Promise.all(together)) {
            if (got.kind === 'granted') granted.push([got.fromMs, got.fromMs + got.count * got.intervalMs]);
            else expect(got.untilMs).toBeGreaterThan(now);
          }
        }
        granted.sort(([a], [b]) => a - b);
        for (const [i, [from]] of granted.entries())
          expect(from).toBeGreaterThanOrEqual((granted[i - 1]?.[1] ?? 0) - 1e-3);
      }),
      { numRuns: 200 },
    );
  });
  it('let a slow host make progress however long its interval', async () => {
    const table = new MemoryTable();
    const hour = intervalUs(1 / 3600);
    expect(await reserve(table, 'h', 1, hour, 0)).toMatchObject({ kind: 'granted', fromMs: 0 });
    const full = await reserve(table, 'h', 1, hour, 1000);
    expect(full).toEqual({ kind: 'full', untilMs: 3_600_000 });
    expect(await reserve(table, 'h', 1, hour, 3_600_001)).toMatchObject({ kind: 'granted' });
  });
  it('take the slower of rate and crawl delay', () => {
    expect(intervalUs(5)).toBe(200_000);
    expect(intervalUs(5, 10)).toBe(10_000_000);
    expect(intervalUs(0.05, 10)).toBe(20_000_000);
  });
});
