/** The circuit breaker of a host: silence from everybody in a row closes it to all, one request after a while tries it. */
import * as P from './parameters.ts';
import { because, type Control, type HostRecord } from './record.ts';

/** Has the breaker something to say, or may it soon? Then control is needed even where the rate is fixed. */
export const isBroken = ({ control, failures }: HostRecord): boolean =>
  control.phase === 'open' || control.phase === 'half' || failures >= P.BREAKER_FAILURES;

/** The next control where the breaker decides; `wait` while it is open; undefined: go on as usual. */
export function breaker({ control, window, failures }: HostRecord, nowUs: number): Control | 'wait' | undefined {
  switch (control.phase) {
    case 'open':
      return nowUs < control.holdUntilUs ? 'wait' : halfOpen(control, nowUs);
    case 'half':
      if (window.sent === 0) return 'wait';
      return failures > 0 ? opened(control, failures, nowUs) : closed(control, nowUs);
    case 'start':
    case 'hold':
    case 'probe':
    case 'drain':
      return failures < P.BREAKER_FAILURES ? undefined : opened(control, failures, nowUs);
  }
}

/** Each opening in a row lasts twice as long as the one before. */
function opened(control: Control, failures: number, nowUs: number): Control {
  const ms = Math.min(P.OPEN_MS_MAX, P.OPEN_MS * 2 ** control.opened);
  const open = { ...control, phase: 'open' as const, holdUntilUs: nowUs + ms * 1000, opened: control.opened + 1 };
  return because(open, 'open', failures, nowUs);
}

function halfOpen(control: Control, nowUs: number): Control {
  return because({ ...control, phase: 'half', rate: 1000 / P.HALF_OPEN_MS }, 'half', control.opened, nowUs);
}

/** It is back: quickly up to a part of what it bore, as a host that was just restarted bears less. */
function closed(control: Control, nowUs: number): Control {
  const rate = Math.max(P.START_RATE, control.capacity / 8);
  const start = { ...control, phase: 'start' as const, rate, opened: 0, holdMs: P.HOLD_MS, noCutUntilUs: 0 };
  return because({ ...start, delivered0: rate, delivered1: 0, delivered2: 0 }, 'closed', rate, nowUs);
}
