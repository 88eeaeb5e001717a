import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STARTS_PER_TURN, Turns, WAITING_BYTES_MAX, type Spent } from '#http/turns.ts';

/** A thread that is idle for this part of its time, a second of which passes with each look at it. */
function thread(part: number): Spent {
  let seconds = 0;
  return { now: () => 1_000 * seconds++, idle: () => 1_000 * seconds * part };
}

describe('turns', () => {
  it('let so many requests leave at once, and the others in their order, so many in each turn', async () => {
    const turns = new Turns();
    const left: number[] = [];
    const count = 3 * STARTS_PER_TURN + 1;
    const all = Array.from({ length: count }, async (_, i) => {
      await turns.start();
      left.push(i);
    });
    for (let turn = 0; left.length < count; turn++) {
      const before = left.length;
      await nextTurn();
      expect(left.length - before).toBeLessThanOrEqual(turn === 0 ? 2 * STARTS_PER_TURN : STARTS_PER_TURN);
    }
    await Promise.all(all);
    expect(left).toEqual(left.toSorted((a, b) => a - b));
    expect(turns.start()).toBeUndefined();
  });

  it('work at no body while answers come or requests leave', async () => {
    const turns = new Turns(thread(0.5));
    let done = 0;
    const works = Array.from({ length: 3 }, () => turns.whenQuiet(1, () => ++done));
    for (let turn = 0; turn < 20; turn++) {
      void turns.start();
      await nextTurn();
      expect(done).toBe(0);
    }
    expect(await Promise.all(works)).toEqual([1, 2, 3]);
  });

  it('work at each body at once where the thread has no time to spare', () => {
    const turns = new Turns(thread(0.05));
    let done = 0;
    for (let i = 1; i <= 3; i++) {
      void turns.start();
      void turns.whenQuiet(1, () => ++done);
      expect(done).toBe(i);
    }
  });

  it('keep the order of the bodies, and no more of them waiting than there may be', async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 * WAITING_BYTES_MAX }))); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(sizes, async (sizes) => {
        const turns = new Turns(thread(0.5));
        const done: number[] = [];
        let waiting = 0;
        const works = sizes.map((bytes, i) => {
          waiting += bytes;
          const work = turns.whenQuiet(bytes, () => {
            waiting -= bytes;
            done.push(i);
            return i % 2 === 0 ? i : Promise.resolve(i);
          });
          expect(waiting).toBeLessThanOrEqual(WAITING_BYTES_MAX);
          return work;
        });
        expect(await Promise.all(works)).toEqual([...sizes.keys()]);
        expect(done).toEqual([...sizes.keys()]);
      }),
    );
  });

  it('tell what was thrown, and go on', async () => {
    const turns = new Turns();
    const fails = [
      turns.whenQuiet(1, () => {
        throw new Error('at once');
      }),
      turns.whenQuiet(1, () => Promise.reject(new Error('later'))),
    ];
    const told = (await Promise.allSettled(fails)).map((end) => (end as PromiseRejectedResult).reason as Error);
    expect(told.map(({ message }) => message)).toEqual(['at once', 'later']);
    expect(await turns.whenQuiet(WAITING_BYTES_MAX + 1, () => 'well')).toBe('well');
  });
});
