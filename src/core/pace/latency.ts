/**
 * A queue at the host, seen in the time of its answers. Those times differ much from one to the next, so single windows
 * decide nothing: what lies above the usual is summed up (a CUSUM of logarithms) until chance no longer explains it.
 */
import * as P from './parameters.ts';
import { because, deliveredMax, type Control, type HostRecord, type Window } from './record.ts';

interface Seen {
  count: number;
  /** Mean of the logarithms of milliseconds, and how single ones differ. */
  mean: number;
  spread: number;
}

function seen({ timed, logs, squares }: Window): Seen {
  const mean = logs / 1000 / timed;
  return { count: timed, mean, spread: Math.sqrt(Math.max(0, squares / 1000 / timed - mean * mean)) };
}

/** Where latency decides, and what it learned where it does not. */
export function slowed({ window }: HostRecord, before: Control, nowUs: number): { control: Control; decided: boolean } {
  if (window.timed === 0) return { control: before, decided: false };
  const now = seen(window);
  const above = before.baseCount > 0 ? now.mean - Math.log(before.baseMs) : 0;
  if (before.phase === 'drain') return draining(before, now, above, nowUs);
  // A growing queue spreads them as well.
  const spread = above > P.SLACK && before.spread > 0 ? before.spread : withSpread(before, now);
  const known = Math.max(1, before.baseCount);
  const slack = P.SLACK + spread * (1 / Math.sqrt(known) + P.BASE_DOUBT / known);
  const queue = Math.max(0, before.queue + now.count * (above - slack));
  const control = { ...withBase(before, now, queue > 0 ? P.BASE_COUNT_QUEUED : P.BASE_COUNT), spread, queue };
  const proof = (P.PROOF * spread * spread) / (2 * P.SLACK);
  if (queue < Math.max(proof, P.PROOF_MIN) || nowUs < before.noCutUntilUs) return { control, decided: false };
  return { control: because(drained(control, now, nowUs), 'latency', Math.exp(above), nowUs), decided: true };
}

function withSpread({ spread, baseCount }: Control, now: Seen): number {
  const before = spread > 0 ? spread : P.SPREAD_START;
  if (now.count < 2) return before;
  const weight = now.count / (now.count + P.SPREAD_COUNT + Math.min(baseCount, P.BASE_COUNT));
  return Math.max(P.SPREAD_MIN, before + weight * (now.spread - before));
}

/** A mean over the last `most` answers or so; what is quicker than ever counts at once. */
function withBase(control: Control, { count, mean }: Seen, most: number): Control {
  if (control.baseCount === 0) return { ...control, baseMs: Math.exp(mean), baseCount: count };
  const base = Math.log(control.baseMs);
  const before = Math.min(control.baseCount, mean < base ? P.BASE_COUNT : most);
  const baseMs = Math.exp(base + (count / (count + before)) * (mean - base));
  return { ...control, baseMs, baseCount: Math.min(before + count, P.BASE_COUNT_QUEUED) };
}

/** Slower until what is queued has drained; no second cut before that. */
function drained(control: Control, now: Seen, nowUs: number): Control {
  const isAgain = control.phase === 'drain';
  // While it drains the host accepts more than it is asked for.
  const capacity = Math.min(isAgain ? control.capacity : control.rate, deliveredMax(control));
  const queuedS = Math.max(
    (Math.exp(now.mean) - control.baseMs) / 1000,
    ((control.rate - capacity) * P.UNSEEN_S) / capacity,
  );
  const rate = Math.min(control.rate, capacity) * (queuedS > 1 || isAgain ? 0.5 : 0.75);
  const noCutUntilUs = nowUs + (1.5 + (queuedS * capacity) / (capacity - rate) + Math.exp(now.mean) / 1000) * 1e6;
  const holdMs = Math.min(P.HOLD_MS_MAX, control.holdMs * P.HOLD_GROWTH);
  const step = isAgain ? control.step + 1 : 0;
  return { ...control, phase: 'drain', capacity, rate, holdMs, noCutUntilUs, step, queue: 0 };
}

/** Quick again: hold just below the capacity. Still slow when all must have drained: too little, or else this is its pace now. */
function draining(control: Control, now: Seen, above: number, nowUs: number): { control: Control; decided: boolean } {
  const isQuick = above < P.SLACK + control.spread / Math.sqrt(now.count);
  if (!isQuick && nowUs < control.noCutUntilUs) return { control, decided: false };
  if (!isQuick && control.step < P.DRAINS_MAX)
    return { control: because(drained(control, now, nowUs), 'latency', Math.exp(above), nowUs), decided: true };
  const learned = withBase(isQuick ? control : { ...control, baseCount: 0 }, now, P.BASE_COUNT);
  const hold = { ...learned, phase: 'hold' as const, rate: control.capacity * P.MARGIN, step: 0, queue: 0 };
  // Cut for nothing: the way back up is as from the start.
  const next = isQuick
    ? { ...hold, holdUntilUs: nowUs + control.holdMs * 1000 }
    : { ...hold, phase: 'start' as const, capacity: 0, holdUntilUs: nowUs };
  return { control: because(next, 'drained', Math.exp(above), nowUs), decided: true };
}
