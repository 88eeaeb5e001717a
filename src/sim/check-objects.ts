/** Invariants of what is left in the bucket, and of the requests that left. Pure. */
import { GRACE_MS_MAX } from '#core/pace/parameters.ts';
import { violation, type Violation } from './invariants.ts';

/** @param stored keys of the run that should be named, with when they were written. */
export function checkOrphans(
  stored: { key: string; writtenAt: number }[],
  named: ReadonlySet<string>,
  settledAt: number,
): Violation[] {
  return stored
    .filter(({ key, writtenAt }) => !named.has(key) && writtenAt < settledAt)
    .map(({ key }) => violation('orphansGone', `${key} is named by nothing`));
}

/**
 * @param times of requests of one host in order, milliseconds.
 * @param toleranceMs by how much clocks may differ.
 */
export function checkDistance(host: string, times: number[], intervalMs: number, toleranceMs: number): Violation[] {
  let latest = -Infinity;
  for (const [i, at] of times.entries()) {
    // As if every request before had come exactly one interval after the one before it.
    const shifted = at - i * intervalMs;
    if (shifted < latest - intervalMs - GRACE_MS_MAX - toleranceMs)
      return [
        violation(
          'slotsApart',
          `${host}: request ${String(i)} left ${String(Math.round(latest - shifted))} ms too early`,
        ),
      ];
    latest = Math.max(latest, shifted);
  }
  return [];
}
