import { describe, expect, it } from 'vitest';
import { Account, outcomeOf } from '#core/pace/feedback.ts';
import type { FetchResult } from '#core/ports.ts';

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);
const answer = (status: number, headers: Record<string, string> = {}, redirects = 0): FetchResult => ({
  ...{
    ok: true,
    status,
    headers,
    redirects,
    finalUrl: 'https://a.example/',
    body: new Uint8Array(),
    wireBytes: 0,
    ms: 80,
  },
});
const failed = (reason: Extract<FetchResult, { ok: false }>['reason']): FetchResult => ({
  ...{ ok: false, reason, detail: '', finalUrl: 'https://a.example/', ms: 80 },
});

describe('what an answer says of its host', () => {
  it.each<[string, FetchResult, object]>([
    ['200', answer(200), { kind: 'ok', ms: 80 }],
    ['404 is no trouble', answer(404), { kind: 'ok', ms: 80 }],
    ['the time of redirects is not the host’s', answer(200, {}, 1), { kind: 'ok' }],
    ['429', answer(429), { kind: 'limited' }],
    ['429 with seconds', answer(429, { 'retry-after': '30' }), { kind: 'limited', retryAfterMs: 30_000 }],
    [
      '429 with a date',
      answer(429, { 'retry-after': 'Thu, 26 Nov 2026 12:00:30 GMT' }),
      { kind: 'limited', retryAfterMs: 30_000 },
    ],
    ['503 with a time', answer(503, { 'retry-after': '5' }), { kind: 'limited', retryAfterMs: 5000 }],
    ['503 without', answer(503), { kind: 'error' }],
    ['500', answer(500), { kind: 'error' }],
    [
      'headers of a limit',
      answer(200, { ratelimit: '"a";r=0;t=2' }),
      { kind: 'ok', ms: 80, advice: { rate: 0, forMs: 2000 } },
    ],
    ['no connection', failed('connect'), { kind: 'silent' }],
    ['no answer in time', failed('timeout'), { kind: 'silent' }],
    ['too large, but it answered', failed('tooLarge'), { kind: 'ok' }],
    ['given up by ourselves', failed('aborted'), { kind: 'aborted' }],
  ])('%s', (_, result, outcome) => {
    expect(outcomeOf(result, NOW)).toEqual(outcome);
  });
});

describe('the account of answers', () => {
  it('keeps epochs apart, is empty once taken, and whole again when a write has failed', () => {
    const account = new Account();
    account.note(1, { kind: 'ok', ms: 100 }, 0);
    account.note(2, { kind: 'limited' }, 0);
    account.note(2, { kind: 'silent' }, 0);
    const taken = account.take();
    expect(account.isEmpty).toBe(true);
    expect(taken).toMatchObject({ ok: 1, failures: 1, answered: true });
    expect(taken.windows.get(1)).toMatchObject({ sent: 1, ok: 1, timed: 1, logs: 4605 });
    expect(taken.windows.get(2)).toMatchObject({ sent: 2, limited: 1, errors: 1 });
    account.note(2, { kind: 'silent' }, 0);
    account.putBack(taken);
    const again = account.take();
    expect(again).toMatchObject({ ok: 1, failures: 2, answered: true });
    expect(again.windows.get(2)).toMatchObject({ sent: 3, limited: 1, errors: 2 });
  });

  it('forgets failures with an answer, also one that is put back after it', () => {
    const account = new Account();
    account.note(1, { kind: 'silent' }, 0);
    const taken = account.take();
    account.note(1, { kind: 'ok' }, 0);
    account.putBack(taken);
    expect(account.take()).toMatchObject({ failures: 0, answered: true });
  });
});
