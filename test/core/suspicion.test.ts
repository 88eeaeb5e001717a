import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inOrder, isCondemned, isSuspect, triesAfter, windowOf } from '#core/work/suspicion.ts';

/** Workers that die of the poison targets and of nothing else; returns who was condemned and how many died. */
function isolate(count: number, poison: Set<number>): { condemned: number[]; deaths: number; claims: number } {
  let pending = Array.from({ length: count }, (_, index) => ({ index, state: { nextAt: 0 } }));
  const condemned: number[] = [];
  let [tries, deaths, claims] = [0, 0, 0];
  while (pending.length > 0 && claims < 10_000) {
    claims++;
    tries++;
    const ordered = inOrder(pending);
    const first = ordered[0]?.index ?? -1;
    if (isSuspect(tries) && isCondemned(pending.length, tries)) {
      condemned.push(first);
      pending = pending.filter(({ index }) => index !== first);
      tries = 0;
      continue;
    }
    const taken = isSuspect(tries) ? ordered.slice(0, windowOf(pending.length, tries)) : ordered;
    if (taken.some(({ index }) => poison.has(index))) {
      deaths++;
      continue;
    }
    pending = pending.filter((target) => !taken.includes(target));
    tries = triesAfter(tries);
  }
  return { condemned, deaths, claims };
}

it('condemns the poison and nothing but the poison', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(fc.nat(299), { maxLength: 4 }), (count, picks) => {
      const poison = new Set(picks.map((pick) => pick % count));
      const { condemned } = isolate(count, poison);
      expect(condemned.sort((a, b) => a - b)).toEqual([...poison].sort((a, b) => a - b));
    }),
  );
});

it('one poison among a thousand costs some two dozen workers, wherever it stands', () => {
  const worst = Math.max(...Array.from({ length: 1000 }, (_, at) => isolate(1000, new Set([at])).deaths));
  expect(worst).toBeLessThanOrEqual(26);
});

it('a shard that nothing has happened to is worked on as a whole', () => {
  expect([1, 2].map((tries) => isSuspect(tries))).toEqual([false, false]);
  expect(isolate(1000, new Set())).toEqual({ condemned: [], deaths: 0, claims: 1 });
});
