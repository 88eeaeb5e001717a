/**
 * Which target do workers die of? A shard counts the claims that ended neither in a commit nor in an orderly way. From the
 * third on a worker takes only a part of the pending targets, half as many after each further death and twice as many after
 * each success, until one target stands alone and its workers go on dying: then that target ends, and nobody else's does.
 */
import { DEATHS_ALONE, DEATHS_BEFORE_SUSPICION } from '../limits.ts';

/** Halvings that a claim works under. @param tries claims without an orderly end, this one included. */
const levelOf = (tries: number): number => Math.max(0, tries - DEATHS_BEFORE_SUSPICION);

export const isSuspect = (tries: number): boolean => levelOf(tries) > 0;

/** How many of the pending targets this claim may take. */
export const windowOf = (pending: number, tries: number): number =>
  Math.max(1, Math.ceil(pending / 2 ** levelOf(tries)));

/** Has the first of the pending targets stood alone often enough, and its worker died of it each time? */
export function isCondemned(pending: number, tries: number): boolean {
  const alone = Math.max(1, Math.ceil(Math.log2(Math.max(1, pending))));
  return pending > 0 && levelOf(tries) >= alone + DEATHS_ALONE;
}

/** What a claim leaves behind that has tried a target and ended well: one level less for the next, none at all without suspicion. */
export const triesAfter = (tries: number): number => (isSuspect(tries) ? tries - 2 : 0);

/**
 * The order in which pending targets come under a window: the same at every claim as long as nothing was committed, so
 * that the one which stood alone is the one that is condemned.
 */
export const inOrder = <T extends { index: number; state: { nextAt: number } }>(pending: T[]): T[] =>
  [...pending].sort((a, b) => a.state.nextAt - b.state.nextAt || a.index - b.index);
