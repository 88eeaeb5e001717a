/**
 * What an attempt means. The type of the answer is the decision: keep it, try again at a time, or give up because.
 * Pure: time and chance are arguments.
 */
import type { FailReason } from './ledger.ts';
import type { Chance, FetchResult } from './ports.ts';
import type { RetrySpec } from './task.ts';

export type Verdict =
  | { kind: 'keep' }
  | { kind: 'retry'; at: number; reason: FailReason; detail: string; status?: number }
  | { kind: 'giveUp'; reason: FailReason; detail: string; status?: number }
  | { kind: 'disallowed'; detail: string };

/** Statuses that say "later" rather than "no": RFC 9110 408, 425, 429, 500, 502, 503, 504 and the gateways' 52x. */
const RETRY_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
/** Failures that another attempt may mend. The rest says the same again. */
const RETRY_REASONS = new Set<FailReason>(['dns', 'connect', 'tls', 'timeout', 'robotsUnreachable']);

/** Full jitter: uniform in (0, base · 2^(attempt−1)], capped. */
export function backoffMs(retry: RetrySpec, attempt: number, chance: Chance): number {
  const ceiling = Math.min(retry.maxSeconds, retry.baseSeconds * 2 ** (attempt - 1)) * 1000;
  return Math.ceil(ceiling * (1 - chance()));
}

/** Seconds or an HTTP date, in milliseconds from now; undefined when absent or unreadable. Bounded to a day. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : /^[A-Za-z]{3}/.test(text) ? Date.parse(text) - now : NaN;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), 24 * 3600 * 1000) : undefined;
}

/** @param attempts requests sent for this target so far, this one included. */
export function judge(result: FetchResult, retry: RetrySpec, attempts: number, now: number, chance: Chance): Verdict {
  if (!result.ok) {
    if (result.reason === 'aborted') throw new Error('an aborted attempt has no verdict');
    if (result.reason === 'disallowed') return { kind: 'disallowed', detail: result.detail };
    return failure(result.reason, result.detail, retry, attempts, now, chance);
  }
  const { status } = result;
  if (status >= 200 && status < 300) return { kind: 'keep' };
  const detail = `HTTP ${String(status)}`;
  if (!RETRY_STATUSES.has(status) || attempts >= retry.attempts)
    return { kind: 'giveUp', reason: 'status', detail, status };
  const asked = retryAfterMs(result.headers['retry-after'], now);
  const at = now + Math.max(backoffMs(retry, attempts, chance), asked ?? 0);
  return { kind: 'retry', at, reason: 'status', detail, status };
}

/** A failure without a response: retried when another attempt may mend it and attempts are left. */
export function failure(
  reason: FailReason,
  detail: string,
  retry: RetrySpec,
  attempts: number,
  now: number,
  chance: Chance,
): Verdict {
  if (!RETRY_REASONS.has(reason) || attempts >= retry.attempts) return { kind: 'giveUp', reason, detail };
  return { kind: 'retry', at: now + backoffMs(retry, attempts, chance), reason, detail };
}
