/** `dispatch`: one message for every shard of the round that may start. Sending again is harmless: the lease decides. */
import { runKey } from '../names.ts';
import type { FlowPorts } from '../flow.ts';
import { sendOpen } from '../send.ts';
import { note, readRun, shardsOf } from '../store.ts';
import type { Context } from '../context.ts';
import type { RoundRow, RunRow } from '../rows.ts';

export async function dispatch(
  ports: FlowPorts,
  ref: { tenant: string; runId: string; attempt: number; round: number },
): Promise<{ sent: number }> {
  const run = await readRun(ports.table, ref.tenant, ref.runId);
  const round = run?.rounds[ref.round];
  if (run?.state !== 'RUNNING' || run.attempt !== ref.attempt || round === undefined) return { sent: 0 };
  // A redriven round begins with most of its shards done, and nobody has counted them.
  if (run.redrives !== undefined) await countDone(ports, run, round);
  const sent = await sendOpen(ports, run, shardsOf(ports.table, run, round));
  const detail = `round ${String(ref.round)}: ${String(sent)} shards sent or in line`;
  await note(ports.table, run, ports.clock.now(), 'run.dispatched', detail);
  return { sent };
}

/** Only a hint: it tells a worker when to look whether the round is done. */
async function countDone(ports: Pick<Context, 'table'>, run: RunRow, round: RoundRow): Promise<void> {
  let doneHint = 0;
  for await (const shard of shardsOf(ports.table, run, round)) if (shard.state === 'DONE') doneHint++;
  await ports.table.update(runKey(run.tenant, run.runId), { set: { doneHint } }, { eq: ['state', 'RUNNING'] });
}
