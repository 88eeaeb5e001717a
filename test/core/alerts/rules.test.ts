import { describe, expect, it } from 'vitest';
import { verdictsOf, type Figures } from '#core/alerts/rules.ts';
import { generationsOf, signedHeaders, verifyWebhook, webhookKey, webhookSecret } from '#core/alerts/webhook.ts';
import { WEBHOOK_OVERLAP_MS } from '#core/limits.ts';
import type { AlertsSpec } from '#core/task.ts';

const figures = (change: Partial<Figures['progress']> = {}, more: Partial<Figures> = {}): Figures => ({
  state: 'PARTIAL',
  minutes: 10,
  progress: {
    discovered: 100, pending: 0, collected: 90, unmodified: 0, duplicate: 0, excluded: 0, disallowed: 0, overBudget: 0,
    failed: 10, cancelled: 0, attempts: 100, records: 90, bytes: 0, ...change,
  }, // prettier-ignore
  ...more,
});
const broken = (alerts: Partial<AlertsSpec>, given: Figures): string[] =>
  verdictsOf({ notify: [], ...alerts }, given).flatMap(({ rule, ok }) => (ok ? [] : [rule]));

describe('rules', () => {
  it.each<[Partial<AlertsSpec>, Figures, string[]]>([
    [{ errorRate: 0.1 }, figures(), []],
    [{ errorRate: 0.09 }, figures(), ['errorRate']],
    // What was kept out, and what the run's end cut off, is no error.
    [{ errorRate: 0.1 }, figures({ excluded: 50, cancelled: 50, disallowed: 5 }), []],
    [{ errorRate: 0.99 }, figures({ collected: 0, failed: 0 }, { state: 'FAILED' }), ['errorRate']],
    [{ errorRate: 0 }, figures({ collected: 0, failed: 0 }), []],
    [{ minRecords: 90 }, figures(), []],
    [{ minRecords: 91 }, figures(), ['minRecords']],
    [{ maxMinutes: 10 }, figures(), []],
    [{ maxMinutes: 9 }, figures(), ['maxMinutes']],
    [{ missingFields: 0.1 }, figures(), []],
    [{ missingFields: 0.1 }, figures({}, { unextracted: 0.1 }), []],
    [{ missingFields: 0.1 }, figures({}, { unextracted: 0.11 }), ['missingFields']],
    [{ missingFields: 0.1 }, figures({}, { unextracted: 0.5, unextractedBefore: 0.45 }), []],
    [{ missingFields: 0.1 }, figures({}, { unextracted: 0.5, unextractedBefore: 0.1 }), ['missingFields']],
    [{ errorRate: 0, minRecords: 1000, maxMinutes: 1 }, figures(), ['errorRate', 'minRecords', 'maxMinutes']],
    [{}, figures(), []],
  ])('%j', (alerts, given, rules) => expect(broken(alerts, given)).toEqual(rules));
});

describe('webhooks', () => {
  it('are signed as Standard Webhooks has it: its own example', () => {
    // github.com/standard-webhooks/standard-webhooks, the test vector of its libraries.
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const headers = signedHeaders([key], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}');
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  const key = (generation: number, tenant = 'acme') => webhookKey('stage secret', tenant, generation);
  const signed = (generations: number[]) =>
    signedHeaders(
      generations.map((g) => key(g)),
      'id',
      1000,
      'body',
    );

  it.each<[string, number, number[], string, number, string]>([
    ['as sent', 0, [0], 'body', 1000, 'ok'],
    ['a little later', 0, [0], 'body', 1300, 'ok'],
    ['sent again later', 0, [0], 'body', 1301, 'stale'],
    ['from the future', 0, [0], 'body', 699, 'stale'],
    ['changed', 0, [0], 'Body', 1000, 'forged'],
    ['with the old secret while both sign', 0, [1, 0], 'body', 1000, 'ok'],
    ['with the new secret while both sign', 1, [1, 0], 'body', 1000, 'ok'],
    ['with the old secret afterwards', 0, [1], 'body', 1000, 'forged'],
  ])('%s', (_, mine, signing, body, now, verdict) =>
    expect(verifyWebhook(webhookSecret(key(mine)), signed(signing), body, now)).toBe(verdict),
  );

  it('have another secret for every tenant and generation, which a day of both follows', () => {
    expect(new Set([key(0), key(1), key(0, 'other')].map((bytes) => bytes.toString('hex'))).size).toBe(3);
    expect(webhookSecret(key(0))).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const row = { pk: '', sk: '', kind: 'webhook' as const, generation: 3, rotatedAt: 1000 };
    expect(generationsOf(undefined, 0)).toEqual([0]);
    expect(generationsOf(row, 1000 + WEBHOOK_OVERLAP_MS - 1)).toEqual([3, 2]);
    expect(generationsOf(row, 1000 + WEBHOOK_OVERLAP_MS)).toEqual([3]);
  });
});
