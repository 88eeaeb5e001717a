/** Who calls, and what was answered before: API keys and idempotency keys. */
import { createHash } from 'node:crypto';
import { IDEMPOTENCY_SECONDS } from '../limits.ts';
import { apiKeyKey, idempotencyKey, parseApiKey } from '../names.ts';
import { asApiKey } from '../rows.ts';
import type { Context } from '../context.ts';
import type { IdPorts } from './ids.ts';
import type { Caller, Remembered, RememberedResponse } from '../operations.ts';

type Ports = Pick<Context, 'table' | 'clock'>;

/** A request that began this long ago and left no answer died: its key may be used again. */
const ABANDONED_MS = 60_000;

export async function authenticate(ports: Ports, key: string): Promise<Caller | undefined> {
  const parsed = parseApiKey(key);
  if (parsed === undefined) return undefined;
  const item = await ports.table.get(apiKeyKey(parsed.tenant, parsed.sha256));
  if (item === undefined) return undefined;
  const row = asApiKey(item);
  if (row.revokedAt !== undefined || (row.notAfter !== undefined && row.notAfter <= ports.clock.now()))
    return undefined;
  return { tenant: row.tenant, keyId: row.keyId, scopes: row.scopes };
}

/**
 * Takes an idempotency key for one attempt at a request. The time of the first attempt is kept over all later ones: with the
 * key it names what the request creates, so an attempt that goes on where another died creates nothing twice.
 */
export async function remembered(
  ports: IdPorts & Ports,
  caller: Caller,
  key: string,
  fingerprint: string,
): Promise<Remembered> {
  const now = ports.clock.now();
  const row = idempotencyKey(caller.tenant, key);
  const seed = createHash('sha256').update(`${caller.tenant}\n${key}`).digest('hex');
  const expiresAt = Math.floor(now / 1000) + IDEMPOTENCY_SECONDS;
  const takenBy = Buffer.from(ports.randomBytes(8)).toString('hex');
  const item = { ...row, kind: 'idempotency', fingerprint, at: now, takenAt: now, takenBy, expiresAt };
  const first = await ports.table.put(item, {
    any: [{ absent: 'pk' }, { lt: ['expiresAt', Math.floor(now / 1000)] }],
  });
  if (first.ok) return { kind: 'new', once: { seed, at: now } };
  const old = first.item;
  if (old?.fingerprint !== fingerprint) return { kind: 'mismatch' };
  if (typeof old.response === 'string')
    return { kind: 'replay', response: JSON.parse(old.response) as RememberedResponse };
  // Its own first attempt, whose answer was lost.
  if (old.takenBy === takenBy) return { kind: 'new', once: { seed, at: Number(old.at) } };
  const again = await ports.table.update(
    row,
    { set: { takenAt: now, takenBy } },
    {
      all: [{ absent: 'response' }, { any: [{ absent: 'takenAt' }, { lt: ['takenAt', now - ABANDONED_MS] }] }],
    },
  );
  const mine = again.ok || again.item?.takenBy === takenBy;
  return mine ? { kind: 'new', once: { seed, at: Number(old.at) } } : { kind: 'busy' };
}

export async function remember(
  ports: Ports,
  caller: Caller,
  key: string,
  fingerprint: string,
  response: RememberedResponse,
): Promise<void> {
  await ports.table.update(
    idempotencyKey(caller.tenant, key),
    { set: { response: JSON.stringify(response) } },
    { eq: ['fingerprint', fingerprint] },
  );
}

/** The attempt came to nothing that could be told: the key is free for the next one, and keeps its time. */
export async function forget(ports: Ports, caller: Caller, key: string): Promise<void> {
  await ports.table.update(
    idempotencyKey(caller.tenant, key),
    { remove: ['takenAt'] },
    { all: [{ present: 'fingerprint' }, { absent: 'response' }] },
  );
}
