/** What an answer says about its host, and the account of answers that a worker has not reported yet. */
import * as P from './parameters.ts';
import { adviceOf, type Advice } from './headers.ts';
import { emptyWindow, type Window } from './record.ts';
import { retryAfterMs } from '../verdict.ts';
import type { FetchResult } from '../ports.ts';
import type { Feedback } from './reservation.ts';

export type Outcome =
  /** An answer that is no sign of trouble, whatever its status. `ms` only where the time is the host's own. */
  | { kind: 'ok'; ms?: number; advice?: Advice }
  /** Asked to slow down. */
  | { kind: 'limited'; retryAfterMs?: number; advice?: Advice }
  /** A server in trouble: it answered, but not as it should. */
  | { kind: 'error'; retryAfterMs?: number; advice?: Advice }
  /** No answer: connection, TLS, name or time-out. */
  | { kind: 'silent' }
  /** Given up by ourselves. */
  | { kind: 'aborted' };

const SILENT = new Set<string>(['dns', 'connect', 'tls', 'timeout']);
const TROUBLE = new Set([408, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

/** @param nowMs UTC, for a `Retry-After` given as a date. */
export function outcomeOf(result: FetchResult, nowMs: number): Outcome {
  if (!result.ok) {
    if (result.reason === 'aborted') return { kind: 'aborted' };
    return SILENT.has(result.reason) ? { kind: 'silent' } : { kind: 'ok' };
  }
  const { status, headers, redirects, ms } = result;
  const advice = adviceOf(headers, nowMs);
  const wait = retryAfterMs(headers['retry-after'], nowMs);
  const told = { ...(wait !== undefined && { retryAfterMs: wait }), ...(advice && { advice }) };
  if (status === 429 || (status === 503 && wait !== undefined)) return { kind: 'limited', ...told };
  if (TROUBLE.has(status)) return { kind: 'error', ...told };
  return { kind: 'ok', ...(redirects === 0 && { ms }), ...(advice && { advice }) };
}

/** Answers not reported yet. Taken when a write is sent, put back when the write failed. */
export class Account {
  #windows = new Map<number, Window>();
  #ok = 0;
  #failures = 0;
  #answered = false;
  #advice: { rate: number; untilUs: number } | undefined;

  get isEmpty(): boolean {
    return this.#windows.size === 0;
  }

  note(epoch: number, outcome: Exclude<Outcome, { kind: 'aborted' }>, nowUs: number): void {
    const window = this.#windows.get(epoch) ?? { ...emptyWindow };
    this.#windows.set(epoch, window);
    window.sent++;
    if (outcome.kind === 'limited') window.limited++;
    else if (outcome.kind === 'ok') {
      window.ok++;
      this.#ok++;
      if (outcome.ms !== undefined) {
        const log = Math.log(Math.max(P.QUICK_MS, outcome.ms));
        window.timed++;
        window.logs += Math.round(1000 * log);
        window.squares += Math.round(1000 * log * log);
      }
    } else window.errors++;
    if (outcome.kind === 'silent') this.#failures++;
    else {
      this.#failures = 0;
      this.#answered = true;
      if (outcome.advice) this.#advice = { rate: outcome.advice.rate, untilUs: nowUs + outcome.advice.forMs * 1000 };
    }
  }

  take(): Feedback {
    const taken: Feedback = {
      windows: this.#windows,
      ok: this.#ok,
      failures: this.#failures,
      answered: this.#answered,
      ...(this.#advice && { advice: this.#advice }),
    };
    this.#windows = new Map();
    this.#ok = 0;
    this.#failures = 0;
    this.#answered = false;
    this.#advice = undefined;
    return taken;
  }

  putBack(taken: Feedback): void {
    for (const [epoch, window] of taken.windows) {
      const now = this.#windows.get(epoch) ?? { ...emptyWindow };
      for (const name of Object.keys(now) as (keyof Window)[]) now[name] += window[name];
      this.#windows.set(epoch, now);
    }
    this.#ok += taken.ok;
    if (!this.#answered) {
      this.#failures += taken.failures;
      this.#answered = taken.answered;
    }
    this.#advice ??= taken.advice;
  }
}
