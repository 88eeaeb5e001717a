import { expect, it } from 'vitest';
import { ROBOTS_CACHE_MS, ROBOTS_STORED_BYTES_MAX } from '#core/limits.ts';
import { throughStore } from '#core/robots-store.ts';
import type { FetchResult } from '#core/ports.ts';
import { MemoryTable } from '../../src/sim/memory-table.ts';

const URL_OF_A = 'https://a.example/robots.txt';
const answer = (status: number, body: string | Uint8Array = 'Disallow: /x'): FetchResult => ({
  ...{ ok: true, status, finalUrl: 'https://elsewhere.example/robots.txt', headers: { etag: 'x' }, redirects: 1 },
  ...{ body: typeof body === 'string' ? new TextEncoder().encode(body) : body, wireBytes: 12, ms: 5 },
});

/** A table that many workers share, and what was asked of the host. */
function region(result: FetchResult) {
  const state = { now: 1_000, asked: 0, result };
  const pace = new MemoryTable();
  const clock = { now: () => state.now, sleep: () => Promise.resolve() };
  const worker = (userAgent = 'Gleaner/1') =>
    throughStore({ pace, clock }, userAgent, () => {
      state.asked++;
      return Promise.resolve(state.result);
    });
  return { state, worker };
}

it('one worker asks, the others read, until it is old', async () => {
  const { state, worker } = region(answer(200));
  const first = await worker()(URL_OF_A);
  const second = await worker()(URL_OF_A);
  expect(state.asked).toBe(1);
  expect(second).toMatchObject({ ok: true, status: 200, body: (first as { body: Uint8Array }).body });
  state.now += ROBOTS_CACHE_MS;
  await worker()(URL_OF_A);
  expect(state.asked).toBe(2);
});

it('another origin and another user agent have their own', async () => {
  const { state, worker } = region(answer(404));
  await worker()(URL_OF_A);
  await worker()('https://a.example:8443/robots.txt');
  await worker('Other/1')(URL_OF_A);
  expect(state.asked).toBe(3);
  expect(await worker()(URL_OF_A)).toMatchObject({ status: 404 });
  expect(state.asked).toBe(3);
});

it.each([
  ['a server that fails', answer(503)],
  ['a host that is busy', answer(429)],
  ['a host out of reach', { ok: false, reason: 'connect', detail: 'refused', finalUrl: URL_OF_A, ms: 1 } as const],
  ['a file too large for an item', answer(200, new Uint8Array(ROBOTS_STORED_BYTES_MAX + 1))],
])('%s is asked by each', async (_name, result) => {
  const { state, worker } = region(result);
  expect(await worker()(URL_OF_A)).toEqual(result);
  await worker()(URL_OF_A);
  expect(state.asked).toBe(2);
});
