/**
 * `await`: notes the task token that waits for a round. A round that was done before the token was there, or a stop that
 * came first, is answered at once; afterwards the last worker answers, and the sweep where that got lost.
 */
import { runKey } from '../names.ts';
import { wakeIfDue } from '../stop.ts';
import type { Context } from '../context.ts';

export async function awaitRound(
  ports: Pick<Context, 'table' | 'orchestrator' | 'clock'>,
  ref: { tenant: string; runId: string; attempt: number; round: number; token: string },
): Promise<void> {
  const write = await ports.table.update(
    runKey(ref.tenant, ref.runId),
    { set: { token: ref.token, tokenRound: ref.round } },
    { all: [{ in: ['state', ['RUNNING', 'PAUSED', 'FINALIZING']] }, { eq: ['attempt', ref.attempt] }] },
  );
  // The run has ended behind the machine's back, or another execution has it: finish finds that out.
  if (!write.ok) await ports.orchestrator.wake(ref.token, { outcome: 'stopped' });
  else await wakeIfDue(ports, ref.tenant, ref.runId);
}
