/** Who calls, and what was answered before: API keys and idempotency keys. */
import { IDEMPOTENCY_SECONDS } from '../limits.ts';
import { apiKeyKey, idempotencyKey, parseApiKey } from '../names.ts';
import { asApiKey } from '../rows.ts';
import type { Context } from '../context.ts';
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
  if (row.revoked || (row.notAfter !== undefined && row.notAfter <= ports.clock.now())) return undefined;
  return { tenant: row.tenant, keyId: row.keyId, scopes: row.scopes };
}

export async function remembered(ports: Ports, caller: Caller, key: string, fingerprint: string): Promise<Remembered> {
  const now = ports.clock.now();
  const item = {
    ...idempotencyKey(caller.tenant, key),
    kind: 'idempotency',
    fingerprint,
    at: now,
    expiresAt: Math.floor(now / 1000) + IDEMPOTENCY_SECONDS,
  };
  const write = await ports.table.put(item, {
    any: [
      { absent: 'pk' },
      { lt: ['expiresAt', Math.floor(now / 1000)] },
      { all: [{ absent: 'response' }, { lt: ['at', now - ABANDONED_MS] }] },
    ],
  });
  if (write.ok) return { kind: 'new' };
  const old = write.item;
  if (old?.fingerprint !== fingerprint) return { kind: 'mismatch' };
  if (typeof old.response !== 'string') return { kind: 'busy' };
  return { kind: 'replay', response: JSON.parse(old.response) as RememberedResponse };
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

export async function forget(ports: Ports, caller: Caller, key: string): Promise<void> {
  await ports.table.delete(idempotencyKey(caller.tenant, key), { absent: 'response' });
}
