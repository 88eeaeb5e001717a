import type { Catcher, Retrier } from './states-definition.ts';

/** Of any payload: input, arguments, result, output, one variable. */
export const STATE_BYTES_MAX = 256 * 1024;

/** Not caught by `States.ALL`: they mean that the machine itself is wrong. */
const NOT_IN_ALL = new Set(['States.DataLimitExceeded', 'States.Runtime']);
const TIMEOUTS = new Set(['States.Timeout', 'States.HeartbeatTimeout']);

/** Does `ErrorEquals` of a retrier or catcher name this error? */
export function matchesError(names: readonly string[], error: string): boolean {
  return names.some((name) => {
    if (name === error) return true;
    if (name === 'States.ALL') return !NOT_IN_ALL.has(error);
    if (name === 'States.TaskFailed') return !TIMEOUTS.has(error) && !NOT_IN_ALL.has(error);
    return name === 'States.Timeout' && TIMEOUTS.has(error);
  });
}

/**
 * The first retrier that names the error, if it has attempts left. A spent one ends the search: the next ones do not step in.
 * @param used attempts by retrier so far, in the order of the definition.
 */
export function retryOf(
  retriers: Retrier[],
  used: number[],
  error: string,
  chance: () => number,
): { index: number; delayMs: number } | undefined {
  const index = retriers.findIndex((r) => matchesError(r.errors, error));
  const retrier = retriers[index];
  const attempts = used[index] ?? 0;
  if (retrier === undefined || attempts >= retrier.attemptsMax) return undefined;
  const full = retrier.intervalSeconds * retrier.backoffRate ** attempts;
  const seconds = Math.min(full, retrier.delaySecondsMax ?? Number.POSITIVE_INFINITY);
  return { index, delayMs: seconds * 1000 * (retrier.fullJitter ? chance() : 1) };
}

export const catcherOf = (catchers: Catcher[], error: string): Catcher | undefined =>
  catchers.find((c) => matchesError(c.errors, error));

export const isoTime = (ms: number): string => new Date(ms).toISOString();
