/** Going down for refusals and failures: to what the host has accepted, and a little below. */
import * as P from './parameters.ts';
import { because, deliveredMax, type Control, type HostRecord, type Why } from './record.ts';

/** Rejections come back faster than successes, so their share alone overstates: what was accepted counts as well. */
export function cut({ window }: HostRecord, control: Control, why: Why, seen: number, nowUs: number): Control {
  const { rate, phase, delivered0, delivered1 } = control;
  const isTry = phase === 'probe' || phase === 'start';
  // A level that held and of which only a part is accepted any more: many refusals are counted to the epoch before.
  const missing = 1 - Math.max(delivered0, delivered1) / rate;
  const share = !isTry && rate >= P.SPARSE_RATE && missing > P.MUCH_REFUSED ? Math.max(seen, missing) : seen;
  const longer = isTry ? Math.min(P.HOLD_MS_MAX, control.holdMs * P.HOLD_GROWTH) : control.holdMs;
  const holdMs = rate < P.SPARSE_RATE ? sparseHoldMs(rate) : longer;
  const bears = isMild(control, share, window.sent, isTry)
    ? mildly(control, isTry)
    : Math.max(accepted(control, share), 0.3 * rate);
  // Nothing was accepted in three windows: what it bore says nothing, and once it accepts again the way up is as from the start.
  const isStorm = deliveredMax(control) === 0 && control.okAtTick > 0;
  const level = isStorm ? { phase: 'start' as const, capacity: 0 } : { phase: 'hold' as const, capacity: bears };
  const hold = { ...level, rate: Math.max(bears * P.MARGIN, P.RATE_FLOOR), holdMs, step: 0, queue: 0 };
  return because({ ...control, ...hold, holdUntilUs: nowUs + holdMs * 1000 }, why, share, nowUs);
}

/** One refusal in so many answers. */
const sparseHoldMs = (rate: number): number =>
  Math.min(Math.max((P.SPARSE_HOLD_SAMPLES * 1000) / rate, P.HOLD_MS_MAX), P.SPARSE_HOLD_MS_MAX);

function accepted(control: Control, share: number): number {
  const { rate, smooth } = control;
  // Few answers: only their mean over some time says anything.
  if (rate < P.SPARSE_RATE) return Math.min(Math.max(smooth, rate / 2), rate * 0.95);
  // Much refused: the host has changed, and what it accepted before counts no more.
  const delivered = share > P.MUCH_REFUSED ? control.delivered0 : deliveredMax(control);
  return Math.min(Math.max(rate * (1 - share), delivered), rate * (1 - Math.min(0.5, share / 2)));
}

/** A refusal here and there near a level that has held says that the level is about right. */
function isMild({ rate, capacity, smooth }: Control, share: number, sent: number, isTry: boolean): boolean {
  if (capacity === 0 || rate > capacity * P.MILD_ABOVE) return false;
  if (!isTry && smooth < P.MILD_SMOOTH * rate) return false;
  return share < 0.2 || sent * share <= 1;
}

function mildly({ rate, capacity }: Control, isTry: boolean): number {
  if (!isTry) return Math.min(capacity, rate) * P.MILD_CUT;
  // The step before this one held.
  if (rate < P.SPARSE_RATE) return Math.max(capacity, (rate * 0.98) / (1 + P.SPARSE_STEP));
  return Math.min(0.5 * (capacity + rate), rate * 0.98);
}

/** The host closed for everybody until `pausedUs`. */
export function atWall({ pausedUs, ok }: HostRecord, control: Control, nowUs: number): Control {
  const { wallUs } = control;
  const sinceMs = (pausedUs - wallUs) / 1000;
  const walled = { ...control, wallUs: pausedUs, step: 0, queue: 0 };
  // The same wall, told by somebody whose clock or whole seconds differ.
  if (wallUs > 0 && sinceMs < P.WALL_SAME_MS) return { ...walled, holdUntilUs: control.holdUntilUs + sinceMs * 1000 };
  const isNext = wallUs > 0 && sinceMs < P.WALL_NEXT_MS;
  const wallMs = isNext && (control.wallMs === 0 || sinceMs < control.wallMs) ? sinceMs : control.wallMs;
  const bears = bearsAtWall(
    { ...control, wallMs },
    isNext ? ((ok - control.okAtWall) * 1000) / sinceMs : undefined,
    pausedUs,
    nowUs,
  );
  const holdMs = wallHoldMs(bears, (pausedUs - nowUs) / 1000, isNext && !isFarTry(control));
  const hold = { phase: 'hold' as const, capacity: bears, rate: bears * P.WALL_MARGIN, holdMs, wallMs };
  const since = { holdUntilUs: pausedUs + holdMs * 1000, okAtWall: ok, smooth: bears };
  return because({ ...walled, ...hold, ...since }, 'wall', bears, nowUs);
}

/** What is known holds long, longer still where a wall costs much; a first guess is to be tried soon. */
function wallHoldMs(bears: number, closedMs: number, isKnown: boolean): number {
  if (bears < P.SPARSE_RATE) return 1.25 * sparseHoldMs(bears);
  if (!isKnown) return P.HOLD_MS;
  return closedMs > P.WALL_LONG_MS ? Math.min(P.WALL_DEAR * closedMs, P.WALL_HOLD_MS_MAX) : P.WALL_HOLD_MS;
}

/** Far above what has held: within one window such a rate runs past everything. */
const isFarTry = ({ phase, rate, capacity }: Control): boolean =>
  phase === 'start' || (phase === 'probe' && rate > capacity * P.WALL_FAR);

/**
 * What one window of the host holds, per second: what was accepted in it up to the wall. Where it was a step too far above
 * a level that has held, at least that level.
 * @param between accepted per second from the last wall to this one.
 */
function bearsAtWall(control: Control, between: number | undefined, pausedUs: number, nowUs: number): number {
  const { smooth, capacity, rate, phase, wallMs } = control;
  // Doubled past everything within one window: the next wall tells what that window holds.
  if (phase === 'start') {
    const delivered = deliveredMax(control);
    // A wall at the first request says nothing about what is borne behind it.
    return Math.max(delivered > 0 ? delivered / 2 : rate / 4, P.RATE_MIN);
  }
  // Whole seconds are rounded up.
  const closedMs = Math.max(0, (pausedUs - nowUs) / 1000 - 500);
  const windowMs = Math.max(wallMs, P.WALL_WINDOW_MS, 1.5 * closedMs);
  const inWindow = smooth * (1 - closedMs / windowMs);
  // Too much rather than too little: the next wall then tells exactly.
  if (isFarTry(control)) return Math.max(P.RATE_MIN, Math.min(rate * 0.9, inWindow * P.WALL_GUESS));
  if (phase === 'probe') return Math.min(Math.max(inWindow, capacity), rate * 0.99);
  return Math.max(P.RATE_MIN, Math.min(rate * 0.98, Math.max(inWindow, between ?? 0)));
}
