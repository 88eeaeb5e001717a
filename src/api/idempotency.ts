/** `Idempotency-Key`: a repeated POST is answered with the first answer instead of being done again. */
import { createHash } from 'node:crypto';
import type { Caller, Once, Operations } from '#core/operations.ts';
import { validation } from './problems.ts';
import type { Problem } from './problems.ts';
import type { Read } from './request-body.ts';
import type { HttpRequest, HttpResponse } from './http.ts';
import { bodyBytes } from './request-body.ts';

/** Seconds after which a request that meets its twin in progress may ask again. */
const BUSY_RETRY_SECONDS = 1;

/** The key of a request; undefined when it carries none or is no POST. */
export function idempotencyKey({ method, headers }: HttpRequest): Read<string | undefined> {
  const key = headers['idempotency-key'];
  if (method !== 'POST' || key === undefined) return { ok: true, value: undefined };
  if (/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) return { ok: true, value: key };
  const message = 'expected 1 to 255 printable ASCII characters, got something else';
  return { ok: false, problem: validation([{ path: 'header.Idempotency-Key', message }]) };
}

const fingerprint = (request: HttpRequest): string =>
  createHash('sha256').update(`${request.method}\n${request.path}\n`).update(bodyBytes(request)).digest('hex');

/** Answers that say nothing about the request itself: asking again may well end otherwise. */
const isPassing = (status: number): boolean => status >= 500 || status === 401 || status === 403 || status === 429;

export interface Acted {
  response: HttpResponse;
  /** What is remembered: the response, without what may be shown once only. */
  kept: HttpResponse;
}
type Answered = { response: HttpResponse } | { problem: Problem };

/**
 * Does `act` once per key. When `act` throws, the key is freed and the error passed on. An answer that cannot be
 * remembered is given all the same and `onLost` told: the deed is done, and the key stays taken until it expires.
 */
export async function once(
  operations: Operations,
  caller: Caller,
  key: string,
  request: HttpRequest,
  act: (once: Once) => Promise<Acted>,
  onLost: (error: unknown) => void,
): Promise<Answered> {
  const print = fingerprint(request);
  const before = await operations.remembered(caller, key, print);
  if (before.kind === 'replay') {
    const { status, headers, body } = before.response;
    return { response: { status, headers: { ...headers, 'idempotent-replayed': 'true' }, body } };
  }
  if (before.kind === 'mismatch')
    return {
      problem: { kind: 'idempotency-key-reused', detail: 'this Idempotency-Key came with another request before' },
    };
  if (before.kind === 'busy') {
    const detail = 'the first request with this Idempotency-Key is still being answered';
    return { problem: { kind: 'conflict', detail, headers: { 'retry-after': String(BUSY_RETRY_SECONDS) } } };
  }

  let acted: Acted;
  try {
    acted = await act(before.once);
  } catch (error) {
    await operations.forget(caller, key).catch(onLost);
    throw error;
  }
  const { response, kept } = acted;
  const keep = isPassing(response.status)
    ? operations.forget(caller, key)
    : operations.remember(caller, key, print, kept);
  await keep.catch(onLost);
  return { response };
}
