/** Messages for shards that somebody is to go on with. */
import type { Context } from './context.ts';
import type { ShardMessage } from './ports.ts';
import type { ShardRow } from './rows.ts';

/** Messages sent at once: a hundred batches keep memory flat whatever the number of shards. */
const SLICE = 1_000;

/**
 * Sends every shard whose turn has come and that is not done, one that is held included: its holder may be dead, and where
 * he is not the lease turns the message away. Returns how many.
 */
export async function sendOpen(ports: Pick<Context, 'queue'>, shards: AsyncIterable<ShardRow>): Promise<number> {
  let messages: ShardMessage[] = [];
  let sent = 0;
  const send = async (): Promise<void> => {
    await ports.queue.send(messages);
    sent += messages.length;
    messages = [];
  };
  for await (const { tenant, runId, shardId, state } of shards) {
    if (state !== 'DONE' && state !== 'WAITING') messages.push({ v: 1, tenant, runId, shardId });
    if (messages.length >= SLICE) await send();
  }
  if (messages.length > 0) await send();
  return sent;
}
