import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lanes } from '#core/pace/lanes.ts';

const lanesThatKeep = (ms: number): Lanes => {
  const lanes = new Lanes();
  for (let i = 0; i < 100; i++) lanes.ended(ms);
  return lanes;
};

describe('slots that a worker has lanes for', () => {
  it.each([
    ['nothing is known: the free ones', NaN, { free: 12, share: 32 }, 10_000, 12],
    ['few are taken at once: any number', 50, { free: 12, share: 32 }, 10_000, Infinity],
    ['all would be taken: the free ones', 1_000, { free: 32, share: 32 }, 10_000, 32],
    ['half of them end meanwhile', 320, { free: 16, share: 32 }, 10_000, 24],
    ['none is free', 320, { free: 0, share: 32 }, 10_000, 0],
  ])('%s', (_what, ms, demand, everyUs, slots) => {
    const lanes = Number.isNaN(ms) ? new Lanes() : lanesThatKeep(ms);
    expect(lanes.slots(demand, everyUs)).toBe(slots);
  });

  it('are served on time where every request takes as long as the mean', () => {
    const share = fc.integer({ min: 1, max: 256 });
    const keptMs = fc.integer({ min: 1, max: 5_000 });
    fc.assert(
      fc.property(share, keptMs, fc.integer({ min: 1, max: 1_000 }), (share, keptMs, everyMs) => {
        // Lanes are taken as they are where one has left in every slot so far.
        const busy = Math.min(share, Math.ceil(keptMs / everyMs));
        const slots = lanesThatKeep(keptMs).slots({ free: share - busy, share }, everyMs * 1000);
        const ends = Array.from({ length: busy }, (_, i) => keptMs - i * everyMs);
        for (let i = 1; i <= Math.min(slots, 2 * share); i++) {
          const at = i * everyMs;
          const taken = ends.filter((end) => end > at).length;
          expect(taken).toBeLessThan(share);
          ends.push(at + keptMs);
        }
      }),
    );
  });
});
