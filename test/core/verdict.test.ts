import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, judge, retryAfterMs } from '#core/verdict.ts';
import type { FetchResult } from '#core/ports.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const retry = { attempts: 4, baseSeconds: 1, maxSeconds: 60 };
const response = (status: number, headers: Record<string, string> = {}): FetchResult => ({
  ok: true,
  status,
  headers,
  finalUrl: 'https://a.example/',
  body: new Uint8Array(),
  redirects: 0,
  wireBytes: 0,
  ms: 1,
});
const verdict = (result: FetchResult, attempts = 1) => judge(result, retry, attempts, NOW, () => 0);

describe('judge', () => {
  it.each([
    [200, 1, 'keep'],
    [204, 1, 'keep'],
    [301, 1, 'giveUp'],
    [404, 1, 'giveUp'],
    [429, 1, 'retry'],
    [503, 3, 'retry'],
    [503, 4, 'giveUp'],
    [501, 1, 'giveUp'],
  ])('status %i at attempt %i: %s', (status, attempts, kind) => {
    expect(verdict(response(status), attempts).kind).toBe(kind);
  });
  it.each([
    ['dns', 'retry'],
    ['timeout', 'retry'],
    ['tooLarge', 'giveUp'],
    ['blockedAddress', 'giveUp'],
    ['redirects', 'giveUp'],
    ['decode', 'giveUp'],
  ] as const)('failure %s: %s', (reason, kind) => {
    expect(verdict({ ok: false, reason, detail: '', finalUrl: '', ms: 1 }).kind).toBe(kind);
  });
  it('obeys Retry-After when it is the longer one', () => {
    const date = new Date(NOW + 90_000).toUTCString();
    expect(verdict(response(429, { 'retry-after': '120' }))).toMatchObject({
      kind: 'retry',
      at: NOW + 120_000,
    });
    expect(verdict(response(503, { 'retry-after': date }))).toMatchObject({ at: NOW + 90_000 });
    expect(verdict(response(503, { 'retry-after': '0' }))).toMatchObject({ at: NOW + 1000 });
  });
});

describe('waits', () => {
  it('double, with full jitter, up to the cap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, chance) => {
          const wait = backoffMs(retry, attempt, () => chance);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(Math.min(60_000, 1000 * 2 ** (attempt - 1)));
        },
      ),
    );
  });
  it.each([
    [undefined, undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['99999999', 86_400_000],
    [new Date(NOW - 1000).toUTCString(), 0],
  ])('Retry-After %s: %s', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });
});
