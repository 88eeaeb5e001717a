import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineBuffer, recordLine } from '#core/line-buffer.ts';

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
      const expected = Buffer.from(lines.map((one) => `${one}\n`).join(''));
      expect(buffer.byteLength).toBe(expected.length);
      expect(Buffer.compare(Buffer.concat(buffer.pieces), expected)).toBe(0);
    }),
  );
});

test('records of a head and JSON, in memory that was given back', () => {
  const first = new LineBuffer();
  first.add('x'.repeat(300_000));
  first.release();
  expect(first.lines).toBe(1);
  const second = new LineBuffer();
  second.addRecord(recordLine({ url: 'ä' }, Buffer.from('{"a":1}')));
  second.addRecord({ head: '{"data":', data: Buffer.alloc(1_400_000, 0x20) });
  expect(Buffer.concat(second.pieces).toString()).toBe(
    `{"url":"ä","data":{"a":1}}\n{"data":${' '.repeat(1_400_000)}}\n`,
  );
  // What was given away is not the old one's any more, also when it goes on.
  first.add('y');
  expect(Buffer.concat(first.pieces).toString()).toBe('y\n');
});
