/** Going up: doubling from the start, small steps above what is known, growing ones where a host has plainly grown. */
import * as P from './parameters.ts';
import { because, deliveredMax, type Control, type HostRecord } from './record.ts';

/** Answers that a rate of the start must have had before it is doubled. */
export const startSamples = ({ rate }: Control): number => Math.min(P.START_SAMPLES_MAX, P.START_SAMPLES_S * rate);

/** Called for a quiet window. */
export function probing({ window }: HostRecord, control: Control, nowUs: number): Control {
  if (control.phase === 'start') {
    if (window.ok < startSamples(control)) return control;
    return control.capacity > 0 && control.rate * 2 >= control.capacity * P.MARGIN
      ? arrived(control, nowUs)
      : faster(control, control.rate * 2, 'start', nowUs);
  }
  if (control.phase === 'drain' || nowUs < control.holdUntilUs) return control;
  // What was not asked for proves nothing: a rate that its users leave idle is not raised.
  if (control.delivered0 < (control.rate < P.SPARSE_RATE ? P.USED_SPARSE : P.USED) * control.rate) return control;
  return stepped(control, nowUs);
}

/** Back at what it bore before: from here on in small steps. */
function arrived(control: Control, nowUs: number): Control {
  const rate = control.capacity * P.MARGIN;
  return because({ ...control, phase: 'hold', rate, step: 0, holdUntilUs: nowUs }, 'hold', rate, nowUs);
}

function stepped(control: Control, nowUs: number): Control {
  const { rate, step } = control;
  const isFar = rate >= (control.capacity > 0 ? control.capacity : rate) * P.PROBE_FAR;
  const isSparse = rate < P.SPARSE_RATE;
  const growth = isFar
    ? Math.min(isSparse ? 0.5 : P.PROBE_GROWTH_MAX, (isSparse ? 0.25 : 0.06) * 2 ** step)
    : isSparse
      ? P.SPARSE_STEP
      : P.PROBE_STEP;
  const sparseMs = isSparse && !isFar ? (P.SPARSE_SAMPLES * 1000) / rate : 0;
  const holdUntilUs = nowUs + Math.max(isFar ? P.PROBE_FAR_MS : P.PROBE_MS, sparseMs) * 1000;
  const next = { ...control, phase: 'probe' as const, holdUntilUs };
  return faster(isFar ? { ...next, step: step + 1, holdMs: P.HOLD_MS } : next, rate * (1 + growth), 'probe', nowUs);
}

/** Never above twice what was accepted. */
function faster(control: Control, to: number, why: 'start' | 'probe', nowUs: number): Control {
  const rate = Math.min(P.RATE_MAX, Math.max(control.rate, Math.min(to, 2 * deliveredMax(control))));
  return because({ ...control, rate }, why, rate, nowUs);
}
