/** What a command's end says to a script (CONTRACT §4). */
import type { RunState } from '#core/run.ts';

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_PARTIAL = 2;

/** `collect` alone tells a partial success from a failure. */
export const exitOfCollect = (state: RunState): number =>
  state === 'SUCCEEDED' ? EXIT_OK : state === 'PARTIAL' ? EXIT_PARTIAL : EXIT_FAILED;

/** Every other command that waits for a run. */
export const exitOfWatch = (state: RunState): number => (state === 'SUCCEEDED' ? EXIT_OK : EXIT_FAILED);
