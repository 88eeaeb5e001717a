/** Messages for shards that somebody is to go on with. */
import { Bounded } from './bounded.ts';
import { placesFor, putAside, type FlowPorts } from './flow.ts';
import { readTenant } from './store.ts';
import type { ShardMessage } from './ports.ts';
import type { RunRow, ShardRow } from './rows.ts';

/**
 * Sends every shard whose turn has come and that is not done, one that is held included: its holder may be dead, and where
 * he is not the lease turns the message away. As many as the tenant has workers are sent at once, the others wait in its
 * backlog. Returns how many there are.
 */
export async function sendOpen(ports: FlowPorts, run: RunRow, shards: AsyncIterable<ShardRow>): Promise<number> {
  const places = await placesFor(ports, await readTenant(ports.table, run.tenant));
  const messages: ShardMessage[] = [];
  const aside = new Bounded(8);
  let open = 0;
  for await (const { tenant, runId, shardId, state } of shards) {
    if (state === 'DONE' || state === 'WAITING') continue;
    open++;
    if (messages.length < places) messages.push({ v: 1, tenant, runId, shardId });
    else await aside.run(() => putAside(ports, run, shardId));
  }
  await aside.drain();
  // Last: whoever ends one of these finds the others in the backlog.
  if (messages.length > 0) await ports.queue.send(messages);
  return open;
}
