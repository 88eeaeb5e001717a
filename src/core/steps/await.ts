/**
 * `await`: notes the task token that waits for a round. A round that was done before the token was there, or a stop that
 * came first, is answered at once; afterwards the last worker answers, and the sweep where that got lost.
 */
import { runKey } from '../names.ts';
import { wakeIfDue } from '../stop.ts';
import type { Context } from '../context.ts';
import type { Condition } from '../ports.ts';

export async function awaitRound(
  ports: Pick<Context, 'table' | 'orchestrator' | 'clock'>,
  ref: { tenant: string; runId: string; attempt: number; round: number; token: string },
): Promise<void> {
  const mine: Condition[] = [{ in: ['state', ['RUNNING', 'PAUSED', 'FINALIZING']] }, { eq: ['attempt', ref.attempt] }];
  const key = runKey(ref.tenant, ref.runId);
  const append = { append: { tokens: [ref.token] } };
  // Beside those of the same wait: a call that comes late must not displace the token of the one that took its place.
  const again: Condition = { all: [...mine, { eq: ['tokenRound', ref.round] }] };
  const first: Condition = { all: [...mine, { any: [{ absent: 'tokenRound' }, { lt: ['tokenRound', ref.round] }] }] };
  const left =
    (await ports.table.update(key, append, again)).ok ||
    (await ports.table.update(key, { set: { tokens: [ref.token], tokenRound: ref.round } }, first)).ok ||
    (await ports.table.update(key, append, again)).ok;
  // The run has ended behind the machine's back, or another execution has it: finish finds that out.
  if (!left) await ports.orchestrator.wake(ref.token, { outcome: 'stopped' });
  else await wakeIfDue(ports, ref.tenant, ref.runId);
}
