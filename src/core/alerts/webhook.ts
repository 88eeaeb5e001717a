/**
 * Standard Webhooks (standardwebhooks.com): what is signed is id, time and body, so that a message can be told from one
 * that was made up, changed or sent again later. While a secret is being changed there are two signatures.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { WEBHOOK_OVERLAP_MS, WEBHOOK_TOLERANCE_SECONDS } from '../limits.ts';
import type { WebhookRow } from '../rows.ts';

/** The secret of one generation of a tenant's, made of the stage's: nothing has to be kept, and each differs from all others. */
export const webhookKey = (stageSecret: string, tenant: string, generation: number): Buffer =>
  createHmac('sha256', stageSecret)
    .update(`webhook ${tenant} ${String(generation)}`)
    .digest();
/** As receivers are given it. */
export const webhookSecret = (key: Uint8Array): string => `whsec_${Buffer.from(key).toString('base64')}`;

/** Those that are signed with, the newest first: the one before for a day after a change. */
export function generationsOf(row: WebhookRow | undefined, now: number): number[] {
  if (row === undefined) return [0];
  return now < row.rotatedAt + WEBHOOK_OVERLAP_MS ? [row.generation, row.generation - 1] : [row.generation];
}

const signature = (key: Uint8Array, id: string, seconds: number, body: string): string =>
  createHmac('sha256', key)
    .update(`${id}.${String(seconds)}.${body}`)
    .digest('base64');

export function signedHeaders(keys: Uint8Array[], id: string, seconds: number, body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': keys.map((key) => `v1,${signature(key, id, seconds, body)}`).join(' '),
  };
}

/** What a receiver does. `stale` = its time is too far from now: perhaps somebody sends again what was sent before. */
export function verifyWebhook(
  secret: string,
  headers: Record<string, string | undefined>,
  body: string,
  nowSeconds: number,
): 'ok' | 'stale' | 'forged' {
  const { 'webhook-id': id = '', 'webhook-timestamp': time = '', 'webhook-signature': given = '' } = headers;
  const seconds = Number(time);
  if (!(Math.abs(nowSeconds - seconds) <= WEBHOOK_TOLERANCE_SECONDS)) return 'stale';
  const wanted = Buffer.from(signature(Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), id, seconds, body));
  const fits = given.split(' ').some((each) => {
    const [version, value = ''] = each.split(',');
    const bytes = Buffer.from(value);
    return version === 'v1' && bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
  });
  return fits ? 'ok' : 'forged';
}
