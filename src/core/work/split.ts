/**
 * When a worker hands the far half of its stream to another one. It asks only what it can see itself: are its own slots what
 * holds it up, and will that last? A stream that waits for its hosts gains nothing from a second worker. Pure.
 */
import { SPLIT_BUSY, SPLIT_MARGIN, SPLIT_SECONDS } from '../limits.ts';

export interface Standing {
  /** Targets of the stream that no worker has yet. */
  behind: number;
  /** Targets that this worker has and has not started. */
  waiting: number;
  /** Targets that came to an end lately, per second. */
  perSecond: number;
  /** Share of its slots that were in use lately. */
  busy: number;
  /** The longest that one of its hosts needs for what is left of it, at the rate that host bears now. */
  criticalSeconds: number;
  /** Absent = `SPLIT_SECONDS`. */
  secondsMin?: number;
}

export function isWorthSplitting(standing: Standing): boolean {
  const { behind, waiting, perSecond, busy, criticalSeconds, secondsMin = SPLIT_SECONDS } = standing;
  if (behind === 0 || busy < SPLIT_BUSY) return false;
  return (behind + waiting) / perSecond > secondsMin + SPLIT_MARGIN * criticalSeconds;
}

/** How many of the targets behind go to the other worker: half of all that is left, or all that is behind. */
export const handedOver = ({ behind, waiting }: Pick<Standing, 'behind' | 'waiting'>): number =>
  Math.min(behind, Math.ceil((behind + waiting) / 2));

/**
 * In flight on a host by a stream that was split so often: each split halves it, so that all streams together keep what the
 * task allows.
 */
export const shareAfter = (share: number, splits: number): number => Math.floor(share / 2 ** splits);
