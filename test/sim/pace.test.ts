/** The measurements of `npm run sim:pace`, small, with what must never be missed. */
import { describe, expect, it } from 'vitest';
import { measureKnown } from '../../src/sim/pace/known.ts';
import { measureUnknown } from '../../src/sim/pace/unknown.ts';
import { ORIGINS } from '../../src/sim/pace/origin.ts';

describe('a known limit', () => {
  it.each([
    [7, [3]],
    [10, [2]],
    [10, [1, 5, 9]],
    [100, [3]],
    [100, [40]],
  ])('of %d rps is kept to the slot by workers %j whose clocks agree, though they crash', async (rate, tenants) => {
    const exact = { method: 'gleaner' as const, rate, tenants, skewMs: 0, lateMs: 0, seconds: 30 };
    const { worst, closest, utilisation } = await measureKnown({ ...exact, seed: 'exact', crashSeconds: 20 });
    expect(closest).toBeGreaterThan(0.999);
    expect(worst).toBeLessThanOrEqual(rate + 1);
    expect(utilisation).toBeGreaterThan(0.5);
  });

  it.each([10, 100, 300])('of %d rps is used to the full, evenly and cheaply', async (rate) => {
    for (const seed of ['1', '2']) {
      const known = await measureKnown({ method: 'gleaner', rate, seed });
      expect(known.utilisation).toBeGreaterThanOrEqual(0.99);
      expect(known.worst).toBeLessThanOrEqual(1.05 * rate + 1);
      expect(known.jain).toBeGreaterThanOrEqual(0.95);
      expect(known.writesPerRequest).toBeLessThanOrEqual(rate >= 100 ? 0.1 : 0.25);
    }
  });

  it('is shared fairly by tenants whatever the number of their workers', async () => {
    const { tenantJain, utilisation } = await measureKnown({
      method: 'gleaner',
      rate: 30,
      seed: '1',
      tenants: [2, 4, 8],
    });
    expect(tenantJain).toBeGreaterThan(0.95);
    expect(utilisation).toBeGreaterThan(0.99);
  });

  it('comes out the same for the same seed', async () => {
    const given = { method: 'gleaner' as const, rate: 50, seed: 'same', crashSeconds: 30 };
    expect(await measureKnown(given)).toEqual(await measureKnown(given));
  });
});

describe('an unknown limit', () => {
  it.each(ORIGINS)('of a %s is found, followed down and up, and hardly ever exceeded', async (origin) => {
    const found = await measureUnknown({ method: 'gleaner', origin, schedule: 'steps', seed: '1' });
    expect(found.goodput).toBeGreaterThan(0.9);
    expect(found.rejects).toBeLessThan(0.01);
    expect(found.latency).toBeLessThan(1.25);
  });

  it('is found also where answers take longer than the ticks of its control', async () => {
    const found = await measureUnknown({
      method: 'gleaner',
      origin: 'bucket',
      schedule: 'steps',
      seed: '1',
      slower: 6,
    });
    expect(found.goodput).toBeGreaterThan(0.9);
    expect(found.rejects).toBeLessThan(0.01);
    expect(found.settledAfter[0]).toBeLessThanOrEqual(60);
  });
});
