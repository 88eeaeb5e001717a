/**
 * Delivered-rate control: what a host bears is found from what it accepts. Pure: a record and the time in, the next
 * control out, or nothing where it is not yet time. Whoever reads the record may decide; one commit per epoch counts.
 */
import * as P from './parameters.ts';
import { breaker } from './breaker.ts';
import { atWall, cut } from './cut.ts';
import { slowed } from './latency.ts';
import { probing, startSamples } from './probe.ts';
import { because, type Control, type HostRecord, type Window } from './record.ts';

/** The next control, its epoch one higher; undefined: nothing to decide yet. */
export function decide(record: HostRecord, nowUs: number): Control | undefined {
  const next = record.control.sinceUs === 0 ? begun(record, nowUs) : followed(record, nowUs);
  if (next === undefined) return undefined;
  // Nothing is sent before the end of a pause: it belongs to no window.
  return { ...next, epoch: record.control.epoch + 1, sinceUs: Math.max(nowUs, record.pausedUs), okAtTick: record.ok };
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
  const idle = { delivered0: 0, delivered1: 0, delivered2: 0, smooth: rate, step: 0, queue: 0 };
  return because({ ...control, ...idle, noCutUntilUs: 0, holdUntilUs: nowUs, phase, rate }, 'aged', rate, nowUs);
}

/** Is there enough to judge by? */
function isDue({ control, window, pausedUs }: HostRecord, nowUs: number): boolean {
  const ageMs = (nowUs - control.sinceUs) / 1000;
  if (pausedUs > control.wallUs) return ageMs >= P.EARLY_MS || pausedUs - control.wallUs > P.WALL_SAME_MS * 1000;
  if (ageMs < P.EARLY_MS || window.sent === 0) return false;
  if (control.rate < P.SPARSE_RATE && window.limited > 0) return true;
  const bad = window.limited + window.errors;
  if (bad >= 3 && bad > 0.2 * expected({ control, window }, nowUs)) return true;
  // Answers that take longer than a tick belong to an epoch that must not have ended before there are enough of them.
  if (control.phase === 'start' && bad === 0 && window.ok < startSamples(control)) return ageMs >= P.TICK_MS_MAX;
  return (ageMs >= P.TICK_MS && window.sent >= P.TICK_SAMPLES) || ageMs >= P.TICK_MS_MAX;
}

function judged(record: HostRecord, nowUs: number): Control | undefined {
  if (!isDue(record, nowUs)) return undefined;
  const { window } = record;
  const control = measured(record, nowUs);
  if (record.pausedUs > control.wallUs) return atWall(record, control, nowUs);
  const sent = expected(record, nowUs);
  if (isRefused(record)) return cut(record, control, 'refused', window.limited / sent, nowUs);
  const quiet = withErrors(control, window);
  if (quiet.fails >= P.FAILS) return cut(record, { ...quiet, fails: 0 }, 'errors', window.errors / sent, nowUs);
  const { control: seen, decided } = slowed(record, quiet, nowUs);
  return decided ? seen : probing(record, seen, nowUs);
}

/** Refusals come back faster than answers: what must have been sent is counted rather than what has come back. */
function expected({ control, window }: Pick<HostRecord, 'control' | 'window'>, nowUs: number): number {
  const seconds = (nowUs - control.sinceUs) / 1e6;
  return Math.max(window.sent, Math.min(control.rate, control.smooth) * seconds);
}

/** Notes what was accepted since the last tick. */
function measured({ control, ok }: HostRecord, nowUs: number): Control {
  const seconds = Math.max(P.EARLY_MS / 1000, (nowUs - control.sinceUs) / 1e6);
  const { delivered0: delivered1, delivered1: delivered2, smooth } = control;
  const delivered0 = (ok - control.okAtTick) / seconds;
  const overS = Math.max(P.SMOOTH_S, P.SMOOTH_SAMPLES / control.rate);
  const mean = smooth === 0 ? delivered0 : delivered0 + (smooth - delivered0) * Math.exp(-seconds / overS);
  return { ...control, delivered0, delivered1, delivered2, smooth: mean };
}
function isRefused({ window: { sent, limited }, control }: HostRecord): boolean {
  if (control.rate < P.SPARSE_RATE || sent < 20) return limited >= 1;
  return limited >= 2 && limited > 0.01 * sent;
}
/** More failures than the host shows in quiet times, summed up until chance no longer explains it. */
function withErrors(control: Control, { sent, errors }: Window): Control {
  if (sent === 0) return control;
  const usual = Math.max(P.ERRORS_USUAL, 2 * control.errorRate + P.ERRORS_SLACK);
  const fails = Math.max(0, control.fails + errors - usual * sent);
  const weight = Math.min(1, sent / P.ERRORS_COUNT) * (fails > 1 ? 0.3 : 1);
  return { ...control, fails, errorRate: control.errorRate + weight * (errors / sent - control.errorRate) };
}
