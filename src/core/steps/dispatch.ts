/** `dispatch`: one message for every shard of the round that may start. Sending again is harmless: the lease decides. */
import { note, readRun, shardsOf } from '../store.ts';
import type { Context } from '../context.ts';
import type { ShardMessage } from '../ports.ts';

/** Messages sent at once: a hundred batches keep memory flat whatever the round's size. */
const SLICE = 1_000;

export async function dispatch(
  ports: Pick<Context, 'table' | 'queue' | 'clock'>,
  ref: { tenant: string; runId: string; round: number },
): Promise<{ sent: number }> {
  const { tenant, runId } = ref;
  const run = await readRun(ports.table, tenant, runId);
  const round = run?.rounds[ref.round];
  if (run?.state !== 'RUNNING' || round === undefined) return { sent: 0 };
  let messages: ShardMessage[] = [];
  let sent = 0;
  const send = async (): Promise<void> => {
    await ports.queue.send(messages);
    sent += messages.length;
    messages = [];
  };
  for await (const shard of shardsOf(ports.table, run, round)) {
    if (shard.state === 'READY' || shard.state === 'PARKED')
      messages.push({ v: 1, tenant, runId, shardId: shard.shardId });
    if (messages.length >= SLICE) await send();
  }
  await send();
  await note(
    ports.table,
    run,
    ports.clock.now(),
    'run.dispatched',
    `round ${String(ref.round)}: ${String(sent)} shards sent`,
  );
  return { sent };
}
