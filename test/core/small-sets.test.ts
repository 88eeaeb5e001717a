import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyBitmap, isSet, withSet } from '#core/bitmap.ts';
import { FingerprintSet } from '#core/fingerprint-set.ts';
import { Bounded } from '#core/bounded.ts';

describe('FingerprintSet', () => {
  it('behaves as a set, through its bytes too', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (values, other) => {
        const [set, model] = [new FingerprintSet(), new Set<string>()];
        for (const value of values) {
          expect(set.add(value)).toBe(!model.has(value));
          model.add(value);
        }
        expect(set.size).toBe(model.size);
        const copy = FingerprintSet.fromBytes(set.toBytes());
        expect([copy.size, copy.has(other)]).toEqual([model.size, model.has(other)]);
      }),
    );
  });
  it('grows', () => {
    const set = new FingerprintSet();
    for (let i = 0; i < 20_000; i++) set.add(String(i));
    expect(set.size).toBe(20_000);
    expect(set.add('19999')).toBe(false);
  });
});

it('bitmaps keep what was set', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 999 })),
      fc.integer({ min: 0, max: 999 }),
      (indexes, probe) => {
        expect(isSet(withSet(emptyBitmap(10), indexes), probe)).toBe(indexes.includes(probe));
      },
    ),
  );
});

describe('Bounded', () => {
  it('runs at most so many at once and tells the first failure', async () => {
    const bounded = new Bounded(3);
    let [running, most] = [0, 0];
    const job = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    for (let i = 0; i < 10; i++) await bounded.run(job);
    await bounded.drain();
    expect(most).toBe(3);
    await bounded.run(() => Promise.reject(new Error('first')));
    await expect(bounded.drain()).rejects.toThrow('first');
  });
});
