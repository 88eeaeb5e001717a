import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyCollector } from '#http/body.ts';
import { decode, packedBytesMax, parseCodings, type Coding } from '#http/decoding.ts';

const PACK: Record<Coding, (body: Buffer) => Buffer> = {
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  br: (body) => brotliCompressSync(body, { params: { 1: 1 } }),
  zstd: (body) => zstdCompressSync(body),
};
const CODINGS = Object.keys(PACK) as Coding[];
const MEGABYTE = 1024 * 1024;

describe('decode', () => {
  it('undoes any stack of codings, at the cap exactly and not above it', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 2, maxLength: 3000 }),
        fc.array(fc.constantFrom(...CODINGS), { minLength: 1, maxLength: 3 }),
        (bytes, codings) => {
          const packed = codings.reduce<Buffer>((body, coding) => PACK[coding](body), Buffer.from(bytes));
          expect(decode(packed, codings, bytes.length)).toEqual({ ok: true, body: Buffer.from(bytes) });
          expect(decode(packed, codings, bytes.length - 1)).toMatchObject({ ok: false, reason: 'tooLarge' });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes raw deflate, and zlib data that looks like nothing else', () => {
    const body = Buffer.from('raw deflate');
    expect(decode(deflateRawSync(body), ['deflate'], 100)).toEqual({ ok: true, body });
    expect(decode(deflateSync(body), ['deflate'], 100)).toEqual({ ok: true, body });
  });

  it('reads all members and frames of a concatenated body', () => {
    const parts = ['one ', 'two ', 'three'].map((text) => Buffer.from(text));
    const expected = { ok: true, body: Buffer.from('one two three') };
    expect(decode(Buffer.concat(parts.map(PACK.gzip)), ['gzip'], 100)).toEqual(expected);
    expect(decode(Buffer.concat(parts.map(PACK.zstd)), ['zstd'], 100)).toEqual(expected);
    expect(decode(Buffer.concat(parts.map(PACK.zstd)), ['zstd'], 5)).toMatchObject({ reason: 'tooLarge' });
  });

  it.each(CODINGS)('%s: truncated and corrupt bodies are told apart from good ones', (coding) => {
    const noise = Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * i * 31) & 255));
    const packed = PACK[coding](noise);
    expect(decode(packed.subarray(0, packed.length - 1), [coding], MEGABYTE)).toMatchObject({
      ok: false,
      reason: 'decode',
    });
    expect(decode(Buffer.from('<html>plain text</html>'), [coding], MEGABYTE)).toMatchObject({ reason: 'decode' });
    expect(decode(packed.subarray(0, packed.length - 1), [coding], MEGABYTE, true)).toMatchObject({ ok: true });
  });

  it.each(CODINGS)('%s: a bomb is refused', (coding) => {
    const bomb = PACK[coding](Buffer.alloc(20 * MEGABYTE));
    expect(bomb.length).toBeLessThan(MEGABYTE);
    expect(decode(bomb, [coding], MEGABYTE)).toMatchObject({ ok: false, reason: 'tooLarge' });
  });
});

describe('parseCodings', () => {
  it.each<[string | undefined, Coding[]]>([
    [undefined, []],
    ['', []],
    ['identity', []],
    ['GZip', ['gzip']],
    ['x-gzip', ['gzip']],
    ['gzip, br', ['gzip', 'br']],
    [' deflate ,identity, zstd', ['deflate', 'zstd']],
    ['utf-8', []],
    ['__proto__', []],
  ])('%s → %j', (header, codings) => {
    expect(parseCodings(header)).toEqual({ ok: true, codings });
  });
  it.each(['compress', 'gzip, dcb', 'gzip, gzip, gzip, gzip'])('refuses %s', (header) => {
    expect(parseCodings(header).ok).toBe(false);
  });
});

describe('BodyCollector', () => {
  const feed = (collector: BodyCollector, body: Buffer, chunkBytes: number): number => {
    for (let at = 0; at < body.length; at += chunkBytes) {
      if (collector.push(body.subarray(at, at + chunkBytes)) !== undefined) return at + chunkBytes;
    }
    return Infinity;
  };

  it('stops a bomb after a quarter of a megabyte, however long it goes on', () => {
    const noise = Buffer.from(Array.from({ length: MEGABYTE }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255));
    // One member unpacks to far too much, noise members keep the wire busy.
    const bomb = Buffer.concat([gzipSync(Buffer.alloc(30 * MEGABYTE)), gzipSync(noise, { level: 0 })]);
    expect(bomb.length).toBeGreaterThan(MEGABYTE);
    const collector = new BodyCollector(['gzip'], 20 * MEGABYTE);
    expect(feed(collector, bomb, 16_384)).toBeLessThan(300_000);
  });

  it('bounds the wire even where nothing is unpacked', () => {
    expect(feed(new BodyCollector([], 1000), Buffer.alloc(5000), 100)).toBe(1100);
    expect(feed(new BodyCollector([], 5000), Buffer.alloc(5000), 100)).toBe(Infinity);
    expect(new BodyCollector([], 1000).announced(1001)).toMatchObject({ reason: 'tooLarge' });
    expect(new BodyCollector([], 1000).announced(1000)).toBeUndefined();
    expect(new BodyCollector(['gzip'], 1000).announced(packedBytesMax(1000) + 1)).toMatchObject({ reason: 'tooLarge' });
    expect(new BodyCollector([], 1000).announced(NaN)).toBeUndefined();
  });

  it('gives the whole body after trials, and nothing for an empty one under any label', () => {
    const body = Buffer.from(Array.from({ length: 900_000 }, (_, i) => (Math.imul(i, 2654435761) >>> 11) & 255));
    const collector = new BodyCollector(['gzip'], 2 * MEGABYTE);
    expect(feed(collector, gzipSync(body, { level: 0 }), 10_000)).toBe(Infinity);
    const result = collector.end();
    expect(result.ok && result.body.equals(body)).toBe(true);
    expect(new BodyCollector(['br'], 10).end()).toEqual({ ok: true, body: Buffer.alloc(0) });
  });
});
