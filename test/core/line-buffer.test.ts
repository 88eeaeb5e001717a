import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineBuffer } from '#core/line-buffer.ts';

test('lines of any text and length are the bytes of their UTF-8, each ended by a line feed', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\n')),
    fc.constantFrom('', 'ä'.repeat(65_536), '€'.repeat(65_537), 'x'.repeat(200_000)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const buffer = new LineBuffer();
      for (const one of lines) buffer.add(one);
      expect(buffer.lines).toBe(lines.length);
      expect(Buffer.compare(buffer.bytes, Buffer.from(lines.map((one) => `${one}\n`).join('')))).toBe(0);
    }),
  );
});
