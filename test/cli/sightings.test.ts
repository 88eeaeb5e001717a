import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint, Sightings } from '#cli/sightings.ts';

const printOf = (text: string): [number, number] => {
  const { low, high } = fingerprint(text);
  return [low, high];
};

test('a fingerprint is the first 64 bits of SHA-256, of text and its bytes alike', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const digest = createHash('sha256').update(text).digest();
      expect(fingerprint(text)).toEqual({ low: digest.readUInt32LE(0), high: digest.readUInt32LE(4) });
      expect(fingerprint(Buffer.from(text))).toEqual(fingerprint(text));
    }),
  );
});

test('behaves like a map of first places and sums', () => {
  const step = fc.record({ text: fc.nat(300).map(String), amount: fc.integer({ min: -3, max: 3 }), see: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const sightings = new Sightings();
      const model = new Map<string, { file: number; line: number; balance: number }>();
      steps.forEach(({ text, amount, see }, i) => {
        const known = model.get(text);
        const place = known && { file: known.file, line: known.line };
        expect(sightings.find(...printOf(text))).toEqual(place);
        if (see) expect(sightings.see(...printOf(text), i % 7, i + 1, amount)).toEqual(place);
        else expect(sightings.adjust(...printOf(text), amount)).toBe(known !== undefined);
        if (known) known.balance += amount;
        else if (see) model.set(text, { file: i % 7, line: i + 1, balance: amount });
      });
      expect(sightings.size).toBe(model.size);
      const byLine = (x: { line: number }, y: { line: number }): number => x.line - y.line;
      expect([...sightings.unbalanced()].sort(byLine)).toEqual(
        [...model.values()].filter(({ balance }) => balance !== 0).sort(byLine),
      );
    }),
  );
});

test('keeps everything while it grows', () => {
  const sightings = new Sightings();
  for (let i = 1; i <= 20_000; i++) expect(sightings.see(...printOf(`u${String(i)}`), 1, i)).toBeUndefined();
  for (let i = 1; i <= 20_000; i++) expect(sightings.see(...printOf(`u${String(i)}`), 2, 1)?.line).toBe(i);
  expect(sightings.size).toBe(20_000);
});
