import fc from 'fast-check';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BodyCollector } from '#http/body.ts';
import { Bulk, BULK_BYTES } from '#http/bulk.ts';
import { createFetcher } from '#http/fetcher.ts';
import { requestOf } from './request.ts';

describe('memory for long bodies', () => {
  it('is never more than there is, and goes to those who wait in their order', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 2 * BULK_BYTES }), { minLength: 1, maxLength: 20 });
    const ends = fc.array(fc.nat({ max: 19 }), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, ends, (sizes, ends) => {
        const bulk = new Bulk();
        const held = new Map<number, number>();
        const over = new Set<number>();
        const served: number[] = [];
        const back = sizes.map((bytes, i) =>
          bulk.take(bytes, () => {
            expect(over.has(i)).toBe(false);
            held.set(i, Math.min(bytes, BULK_BYTES));
            served.push(i);
          }),
        );
        const give = (i: number): void => {
          held.delete(i);
          over.add(i);
          back[i]?.();
          expect([...held.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(BULK_BYTES);
        };
        // Twice, as an end may be told more than once.
        for (const i of ends) if (i < sizes.length) for (const _ of [1, 2]) give(i);
        for (const [i] of sizes.entries()) give(i);
        expect(served).toEqual(served.toSorted((a, b) => a - b));
        for (const i of sizes.keys()) if (!over.has(i)) expect(served).toContain(i);
        let isServed = false;
        bulk.take(BULK_BYTES, () => (isServed = true));
        expect(isServed).toBe(true);
      }),
    );
  });

  const MB = 2 ** 20;
  it.each([
    ['short', [], MB, 0, 0],
    ['long, its length told', [], 3 * MB, 0, 3 * MB],
    ['of a length that is not told, and short so far', [], 0, MB, 0],
    ['of a length that is not told', [], 0, MB + 1, 50 * MB],
    ['packed, and short unpacked', ['gzip'], MB / 8, 0, 0],
    ['packed, and long unpacked', ['gzip'], MB, 0, 8 * MB],
    ['packed, and longer unpacked than is allowed', ['gzip'], 20 * MB, 0, 50 * MB],
  ] as const)('is asked for a body that is %s', (_, codings, contentLength, arrived, bytes) => {
    const collector = new BodyCollector(codings, 50 * MB);
    expect(collector.announced(contentLength)).toBeUndefined();
    if (arrived > 0) expect(collector.push(Buffer.alloc(arrived))).toBeUndefined();
    expect(collector.bulk(contentLength)).toBe(bytes);
  });

  const LONG = 40 * 2 ** 20;
  it.each([
    ['whose length is told', true],
    ['whose length is not told', false],
  ])('lets a long body %s wait until another one is through, and a short one not', async (_, isTold) => {
    const body = Buffer.alloc(LONG, 'x');
    const first = Promise.withResolvers<ServerResponse>();
    const server = createServer((request, response) => {
      if (request.url === '/short') return void response.end('short');
      if (isTold) response.setHeader('content-length', LONG);
      if (request.url === '/second') return void response.end(body);
      response.write(body.subarray(0, LONG / 2), () => first.resolve(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fetcher = createFetcher({ userAgent: 'Gleaner/test' });
    onTestFinished(async () => {
      await fetcher.close();
      server.close();
    });
    const ended: string[] = [];
    const get = async (path: string): Promise<number> => {
      const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/${path}`;
      const got = await fetcher.fetch(requestOf(url, { bytesMax: 64 * 2 ** 20 }));
      ended.push(path);
      return got.ok ? got.body.length : NaN;
    };
    const one = get('first');
    const response = await first.promise;
    const two = get('second');
    expect(await get('short')).toBe(5);
    response.end(body.subarray(LONG / 2));
    expect(await Promise.all([one, two])).toEqual([LONG, LONG]);
    expect(ended).toEqual(['short', 'first', 'second']);
  });
});
