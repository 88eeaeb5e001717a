/**
 * Delivered-rate control: what a host bears is found from what it accepts. Pure: a record and the time in, the next
 * control out, or nothing where it is not yet time. Whoever reads the record may decide; one commit per epoch counts.
 */
import * as P from './parameters.ts';
import { breaker } from './breaker.ts';
import { probing } from './probe.ts';
import { because, deliveredMax, type Control, type HostRecord, type Why } from './record.ts';

/** The next control, its epoch one higher; undefined: nothing to decide yet. */
export function decide(record: HostRecord, nowUs: number): Control | undefined {
  const next = record.control.sinceUs === 0 ? begun(record, nowUs) : followed(record, nowUs);
  return next && { ...next, epoch: record.control.epoch + 1, sinceUs: nowUs, okAtTick: record.ok };
}

function followed(record: HostRecord, nowUs: number): Control | undefined {
  const broken = breaker(record, nowUs);
  if (broken === 'wait') return undefined;
  return broken ?? aged(record, nowUs) ?? judged(record, nowUs);
}

function begun({ control }: HostRecord, nowUs: number): Control {
  return because({ ...control, holdMs: P.HOLD_MS }, 'new', control.rate, nowUs);
}

/** What was learned long ago is believed less: a host that rested starts below what it bore, and is probed at once. */
function aged({ control, window }: HostRecord, nowUs: number): Control | undefined {
  const ageMs = (nowUs - control.sinceUs) / 1000;
  if (ageMs < P.FRESH_MS || window.sent > 0) return undefined;
  const belief = 0.5 ** ((ageMs - P.FRESH_MS) / P.HALF_LIFE_MS);
  const from = control.capacity > 0 ? Math.min(control.rate, control.capacity * P.MARGIN) : control.rate;
  const rate = Math.max(from * belief, Math.min(from, P.START_RATE));
  const phase = control.capacity > 0 && belief > 0.9 ? 'hold' : 'start';
  const idle = { delivered0: 0, delivered1: 0, delivered2: 0, step: 0, noCutUntilUs: 0, holdUntilUs: nowUs };
  return because({ ...control, ...idle, phase, rate }, 'aged', rate, nowUs);
}

/** Is there enough to judge by? */
function isDue({ control, window, pausedUs }: HostRecord, nowUs: number): boolean {
  const ageMs = (nowUs - control.sinceUs) / 1000;
  if (pausedUs > control.wallUs && ageMs >= P.EARLY_MS) return true;
  if (ageMs < P.EARLY_MS || window.sent === 0) return false;
  if (control.rate < P.SPARSE_RATE && window.limited > 0) return true;
  const bad = window.limited + window.errors;
  if (bad >= 3 && bad > 0.2 * window.sent) return true;
  return (ageMs >= P.TICK_MS && window.sent >= P.TICK_SAMPLES) || ageMs >= P.TICK_MS_MAX;
}

function judged(record: HostRecord, nowUs: number): Control | undefined {
  if (!isDue(record, nowUs)) return undefined;
  const { window } = record;
  const control = measured(record, nowUs);
  if (record.pausedUs > control.wallUs) return atWall(record, control, nowUs);
  if (isRefused(record)) return cut(record, control, 'refused', window.limited / window.sent, nowUs);
  if (isFailing(record)) return cut(record, control, 'errors', window.errors / window.sent, nowUs);
  const quiet = { ...control, errorRate: 0.95 * control.errorRate + (0.05 * window.errors) / window.sent };
  const { control: seen, decided } = slowed(record, quiet, nowUs);
  return decided ? seen : probing(record, seen, nowUs);
}

/** Notes what was accepted since the last tick. */
function measured({ control, ok }: HostRecord, nowUs: number): Control {
  const seconds = Math.max(P.EARLY_MS / 1000, (nowUs - control.sinceUs) / 1e6);
  const { delivered0, delivered1 } = control;
  return { ...control, delivered0: (ok - control.okAtTick) / seconds, delivered1: delivered0, delivered2: delivered1 };
}
function isRefused({ window: { sent, limited }, control }: HostRecord): boolean {
  if (control.rate < P.SPARSE_RATE || sent < 20) return limited >= 1;
  return limited >= 2 && limited > 0.01 * sent;
}
/** More failures than the host shows in quiet times, by more than chance. */
function isFailing({ window: { sent, errors }, control }: HostRecord): boolean {
  const usual = sent * (control.errorRate + 0.01);
  return errors >= 3 && errors > usual + 2.5 * Math.sqrt(usual);
}

/** Rejections come back faster than successes, so their share alone overstates: what was accepted counts as well. */
function cut({ window }: HostRecord, control: Control, why: Why, share: number, nowUs: number): Control {
  const { rate, capacity } = control;
  const bad = why === 'refused' ? window.limited : window.errors;
  const accepted = Math.min(Math.max(rate * (1 - share), deliveredMax(control)), rate * (1 - Math.min(0.5, share / 2)));
  let bears = Math.max(accepted, 0.3 * rate);
  // A mild refusal just above a level that has held says that the level is right.
  const mild = share < 0.2 && capacity > 0 && rate <= capacity * 1.25 && rate > capacity;
  if (mild) bears = Math.min(bears, 0.5 * (capacity + rate), rate * 0.98);
  const failedProbe = control.phase === 'probe' || control.phase === 'start';
  const holdMs = failedProbe ? Math.min(P.HOLD_MS_MAX, control.holdMs * P.HOLD_GROWTH) : control.holdMs;
  return because(
    {
      ...control,
      phase: 'hold',
      capacity: bears,
      rate: bears * P.MARGIN,
      holdMs,
      holdUntilUs: nowUs + holdMs * 1000,
      step: 0,
    },
    why,
    bad / window.sent,
    nowUs,
  );
}

/** The host closed for everybody until `pausedUs`: between two such ends it accepted exactly what it accepts. */
function atWall({ pausedUs, ok }: HostRecord, control: Control, nowUs: number): Control {
  const seconds = (pausedUs - control.wallUs) / 1e6;
  const again = control.wallUs > 0 && seconds < 120 && control.phase !== 'start';
  const accepted = (ok - control.okAtWall) / seconds;
  const bears = again ? Math.min(accepted, control.rate) : Math.max(deliveredMax(control) / 2, P.RATE_MIN);
  const holdMs = again ? P.WALL_HOLD_MS : P.HOLD_MS;
  return because(
    {
      ...control,
      phase: 'hold',
      capacity: bears,
      rate: bears * P.WALL_MARGIN,
      holdMs,
      holdUntilUs: pausedUs + holdMs * 1000,
      wallUs: pausedUs,
      okAtWall: ok,
      step: 0,
    },
    'wall',
    bears,
    nowUs,
  );
}

/** The base follows latency down quickly and up slowly, and hardly at all while a queue stands. */
function withBase(control: Control, latencyMs: number, timed: number, isInflated: boolean): Control {
  if (control.baseMs === 0) return { ...control, baseMs: latencyMs };
  const speed = latencyMs < control.baseMs ? 0.3 : isInflated ? 0.003 : 0.03;
  const baseMs = control.baseMs + Math.min(1, timed / 20) * speed * (latencyMs - control.baseMs);
  return { ...control, baseMs };
}

/** Latency above its base is a queue: below the capacity until it is drained, then just below it. */
function slowed({ window }: HostRecord, before: Control, nowUs: number): { control: Control; decided: boolean } {
  if (window.timed === 0) return { control: before, decided: false };
  const latencyMs = window.latencyMs / window.timed;
  const usual = before.baseMs * (1 + 0.6 / Math.sqrt(window.timed));
  const inflation = usual > 0 ? latencyMs / usual : 1;
  const control = withBase(before, latencyMs, window.timed, inflation > P.INFLATED);
  if (control.phase === 'drain' && inflation < P.DEFLATED) {
    const rate = control.capacity * P.MARGIN;
    const hold = { ...control, phase: 'hold' as const, rate, step: 0, holdUntilUs: nowUs + control.holdMs * 1000 };
    return { control: because(hold, 'drained', inflation, nowUs), decided: true };
  }
  if (inflation <= P.INFLATED || window.timed < 5 || nowUs < control.noCutUntilUs) return { control, decided: false };
  return { control: because(drained(control, latencyMs, nowUs), 'latency', inflation, nowUs), decided: true };
}

/** Slower until what is queued has drained; no second cut before that. */
function drained(control: Control, latencyMs: number, nowUs: number): Control {
  const capacity = Math.min(control.rate, deliveredMax(control));
  const queuedS = Math.max((latencyMs - control.baseMs) / 1000, ((control.rate - capacity) * 2.5) / capacity);
  const rate = capacity * (queuedS > 1 ? 0.5 : 0.75);
  const noCutUntilUs = nowUs + (1.5 + (queuedS * capacity) / (capacity - rate) + latencyMs / 1000) * 1e6;
  const holdMs = Math.min(P.HOLD_MS_MAX, control.holdMs * P.HOLD_GROWTH);
  return { ...control, phase: 'drain', capacity, rate, holdMs, noCutUntilUs };
}
