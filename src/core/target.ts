/**
 * A target as a state machine: it waits, it is asked for, it ends. Pure: the verdict and the time are arguments. While it
 * waits between attempts it stands in its shard's row; its end stands in the ledger.
 */
import type { EndBucket, FailReason } from './ledger.ts';
import type { Verdict } from './verdict.ts';

/** What a target has behind it. */
export interface Trail {
  /** Requests sent so far. */
  attempts: number;
  /** Milliseconds waited between attempts. */
  waitedMs: number;
  /** What the last attempt met, when it was no success. */
  lastFailure?: string;
}
export type TargetState =
  | ({ kind: 'waiting'; nextAt: number } & Trail)
  | ({ kind: 'asked' } & Trail)
  | ({ kind: 'ended'; bucket: EndBucket; reason?: FailReason; detail?: string; status?: number } & Trail);

export type TargetEvent =
  | { kind: 'ask' }
  /** The request was sent and this is what it means. */
  | { kind: 'verdict'; verdict: Verdict; at: number }
  /** The request was given up in flight: it says nothing about the target. */
  | { kind: 'aborted'; at: number }
  /** Something else than its own answer decides: robots.txt, the end of the run, a worker that died of it. */
  | { kind: 'decide'; bucket: EndBucket; reason?: FailReason; detail: string };

export const fresh: Extract<TargetState, { kind: 'waiting' }> = {
  kind: 'waiting',
  nextAt: 0,
  attempts: 0,
  waitedMs: 0,
};

type From<K extends TargetState['kind']> = Extract<TargetState, { kind: K }>;

export function transition(state: From<'waiting'>, event: Extract<TargetEvent, { kind: 'ask' }>): From<'asked'>;
export function transition(state: From<'waiting'>, event: Extract<TargetEvent, { kind: 'decide' }>): From<'ended'>;
export function transition(state: From<'asked'>, event: Extract<TargetEvent, { kind: 'aborted' }>): From<'waiting'>;
export function transition(
  state: From<'asked'>,
  event: Extract<TargetEvent, { kind: 'verdict' | 'decide' }>,
): From<'waiting' | 'ended'>;
export function transition(state: From<'waiting' | 'asked'>, event: TargetEvent): TargetState {
  const { attempts, waitedMs, lastFailure } = state;
  const trail: Trail = { attempts, waitedMs, ...(lastFailure !== undefined && { lastFailure }) };
  switch (event.kind) {
    case 'ask':
      return { kind: 'asked', ...trail };
    case 'aborted':
      return { kind: 'waiting', nextAt: event.at, ...trail };
    case 'decide': {
      const { bucket, reason, detail } = event;
      return { kind: 'ended', bucket, ...(reason !== undefined && { reason }), detail, ...trail };
    }
    case 'verdict':
      return judged({ ...trail, attempts: attempts + 1 }, event.verdict, event.at);
  }
}

function judged(trail: Trail, verdict: Verdict, at: number): From<'waiting' | 'ended'> {
  switch (verdict.kind) {
    case 'keep':
      return { kind: 'ended', bucket: 'collected', ...trail };
    case 'retry':
      return {
        kind: 'waiting',
        nextAt: verdict.at,
        attempts: trail.attempts,
        waitedMs: trail.waitedMs + Math.round(verdict.at - at),
        lastFailure: failureText(verdict),
      };
    case 'giveUp': {
      const { reason, detail, status } = verdict;
      return { kind: 'ended', bucket: 'failed', reason, detail, ...(status !== undefined && { status }), ...trail };
    }
    case 'disallowed':
      return { kind: 'ended', bucket: 'disallowed', detail: verdict.detail, ...trail };
  }
}

/** Kept in rows of many targets, so it is short. */
const failureText = ({ reason, status }: Extract<Verdict, { kind: 'retry' }>): string =>
  status === undefined ? reason : `HTTP ${String(status)}`;
