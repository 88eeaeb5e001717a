import { expect, it } from 'vitest';
import { BodyCollector } from '#http/body.ts';

const read = (fill: number): Buffer => Buffer.from(new ArrayBuffer(60_000)).fill(fill);

it('a body of several reads is put together, and each read gives its memory back with the next', () => {
  const collector = new BodyCollector([], 1_000_000);
  expect(collector.announced(180_000)).toBeUndefined();
  const reads = [read(1), read(2), read(3)];
  for (const [i, chunk] of reads.entries()) {
    expect(collector.push(chunk)).toBeUndefined();
    expect(reads.map(({ buffer }) => buffer.byteLength > 0)).toEqual(reads.map((_, at) => at >= i));
  }
  const end = collector.end();
  expect(end.ok && Buffer.compare(end.body, Buffer.concat([read(1), read(2), read(3)]))).toBe(0);
});

it('what was read at once with something else keeps its memory', () => {
  const collector = new BodyCollector([], 1_000_000);
  collector.announced(100_000);
  const [one, two] = [read(1).subarray(0, 20_000), read(2)];
  collector.push(one);
  collector.push(two);
  expect(one.buffer.byteLength).toBe(60_000);
});
