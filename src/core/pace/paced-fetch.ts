/** One request, each hop of which leaves at the pace of the budget that it belongs to. */
import { hostOf } from '../url.ts';
import { outcomeOf } from './feedback.ts';
import type { Budgets } from './budgets.ts';
import type { Turn } from './budget.ts';
import type { Clock, Fetcher, FetchRequest, FetchResult, HopAnswer } from '../ports.ts';

/** A hop that would have to wait too long: the request is to be tried again then. */
export interface Later {
  untilMs: number;
  why: string;
}
export interface Paced {
  result: FetchResult;
  /** Set when `result` is a refusal of ours because of it. */
  later?: Later;
}
export interface PacedRequest extends Omit<FetchRequest, 'onHop'> {
  /** What else must be asked before a redirect is followed. */
  allow?: (url: string) => Promise<HopAnswer | Later>;
}

/** @param first the turn that the request itself leaves by. @param patienceMs how long a hop may wait for its own. */
export async function pacedFetch(
  ports: { fetcher: Fetcher; clock: Clock },
  budgets: Pick<Budgets, 'of'>,
  first: Turn,
  request: PacedRequest,
  patienceMs: number,
  signal?: AbortSignal,
): Promise<Paced> {
  let turn: Turn | undefined = first;
  let later: Later | undefined;
  const onHop = async (url: string): Promise<HopAnswer> => {
    // A redirect is an answer; how long the host took for it is not told.
    turn?.back({ kind: 'ok' });
    turn = undefined;
    const allowed = (await request.allow?.(url)) ?? 'go';
    if (allowed === 'go') {
      const answer = await (await budgets.of(url)).turn(patienceMs, signal);
      if (answer.kind === 'turn') {
        ({ turn } = answer);
        return 'go';
      }
      later = answer.kind === 'later' ? answer : undefined;
    } else if ('refuse' in allowed) return allowed;
    else later = allowed;
    return {
      refuse: 'timeout',
      detail: `redirected to ${hostOf(url)}, which lets nobody in now (${later?.why ?? ''})`,
    };
  };
  const result = await ports.fetcher.fetch({ ...request, onHop }, signal);
  (turn as Turn | undefined)?.back(outcomeOf(result, ports.clock.now()));
  return { result, ...(later && !result.ok && { later }) };
}
