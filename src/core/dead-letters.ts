/**
 * Dead letters: targets that killed their workers, and messages that nobody could handle. Kept as rows of their tenant, so
 * that they can be read and tried again; the dead-letter queue itself is emptied by every sweep.
 */
import { SWEEP_DEAD_MAX } from './limits.ts';
import { deadLetterKey, isRunId, isShardId, isTenantId } from './names.ts';
import { asItem } from './rows.ts';
import type { Context } from './context.ts';
import type { DeadMessage, ShardMessage } from './ports.ts';

/** The shard message in a body; undefined when it is none. */
export function parseShardMessage(body: string): ShardMessage | undefined {
  try {
    const { v, tenant, runId, shardId } = JSON.parse(body) as Partial<ShardMessage>;
    if (v !== 1 || tenant === undefined || runId === undefined || shardId === undefined) return undefined;
    const fits = isTenantId(tenant) && isRunId(runId) && isShardId(shardId);
    return fits ? { v, tenant, runId, shardId } : undefined;
  } catch {
    return undefined;
  }
}

/** Turns the messages of the dead-letter queue into rows; what names no tenant can only be logged. Returns how many. */
export async function buryDeadMessages(
  ports: Pick<Context, 'table' | 'deadMessages' | 'clock' | 'log'>,
): Promise<number> {
  let buried = 0;
  while (buried < SWEEP_DEAD_MAX) {
    const messages = await ports.deadMessages.receive();
    if (messages.length === 0) break;
    for (const message of messages) {
      await bury(ports, message);
      await ports.deadMessages.drop(message.receipt);
    }
    buried += messages.length;
  }
  return buried;
}

async function bury(ports: Pick<Context, 'table' | 'clock' | 'log'>, { id, body }: DeadMessage): Promise<void> {
  const message = parseShardMessage(body);
  if (message === undefined) {
    ports.log.error('dead message that is no shard message', { messageId: id, body: body.slice(0, 200) });
    return;
  }
  const { tenant, runId, shardId } = message;
  const detail = 'the message of this shard was received again and again without its worker coming to an end';
  const key = deadLetterKey(tenant, runId, shardId, id);
  const letter = { kind: 'deadLetter', letter: 'message', tenant, runId, shardId, detail } as const;
  await ports.table.put(asItem({ ...key, ...letter, at: ports.clock.now() }));
}
