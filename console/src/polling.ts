/**
 * When to look again. Pure: time and outcome come as arguments. A tab asks at most `PER_SECOND_MAX` times a second whatever
 * it shows, nothing while it is hidden, and ever more rarely while the API fails.
 */
export const PER_SECOND_MAX = 2;
const FAILED_MS_MAX = 30_000;

export type Outcome = 'changed' | 'same' | 'failed';
export interface Polling {
  /** What is wished while things change. */
  everyMs: number;
  failures: number;
  /** Looks in a row that found nothing new. */
  quiet: number;
}

export const polling = (everyMs: number): Polling => ({ everyMs, failures: 0, quiet: 0 });

export function after(state: Polling, outcome: Outcome): Polling {
  if (outcome === 'failed') return { ...state, failures: state.failures + 1 };
  return { ...state, failures: 0, quiet: outcome === 'same' ? state.quiet + 1 : 0 };
}

/** What stands still is looked at up to four times more rarely. */
export function waitMs({ everyMs, failures, quiet }: Polling): number {
  if (failures > 0) return Math.min(FAILED_MS_MAX, everyMs * 2 ** failures);
  return everyMs * Math.min(4, 1 + Math.floor(quiet / 5));
}

/** Spaces requests of all that watch in one tab. */
export class Spacing {
  #freeAt = 0;
  /** Takes a turn; milliseconds until it has come. */
  take(nowMs: number): number {
    const at = Math.max(nowMs, this.#freeAt);
    this.#freeAt = at + 1000 / PER_SECOND_MAX;
    return at - nowMs;
  }
}
