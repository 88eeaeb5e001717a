/** The lease of a shard as its owners use it; what may happen when is `shard.ts`'s to say. */
import { RELEASE_MS } from '../limits.ts';
import { dueOf, shardKey } from '../names.ts';
import { asShard, type LeasedShard } from '../rows.ts';
import { transition, type ShardEvent } from '../shard.ts';
import type { Table } from '../ports.ts';

interface ShardRef {
  tenant: string;
  runId: string;
  shardId: string;
}

/** Takes a shard that nobody holds. Undefined = not to be had. @param owner unlike that of any other claim. */
export async function claimShard(
  table: Table,
  ref: ShardRef,
  at: number,
  owner: string,
): Promise<LeasedShard | undefined> {
  const { change, condition } = transition({ kind: 'claim', at, owner });
  const write = await table.update(shardKey(ref.tenant, ref.runId, ref.shardId), change, condition);
  const shard = write.item && asShard(write.item);
  // Lost to itself: a first attempt took effect, its answer was lost and the port tried again.
  return shard?.state === 'LEASED' && shard.owner === owner ? shard : undefined;
}

/** Takes a shard from whoever holds it: only for ending a run. */
export const fenceShard = (table: Table, ref: ShardRef, at: number, era: number): Promise<LeasedShard | undefined> =>
  write(table, ref, { kind: 'fence', at, era });

/** False when the lease has been lost. */
export const renewLease = async (table: Table, shard: LeasedShard, at: number): Promise<boolean> =>
  (await write(table, shard, { kind: 'renew', epoch: shard.epoch, at })) !== undefined;

/** Hands a shard back untouched: its worker met trouble that is none of the targets'. False when the lease has been lost. */
export async function releaseShard(table: Table, shard: LeasedShard, region: string, at: number): Promise<boolean> {
  const { epoch, tries = 1, runId } = shard;
  const event = { kind: 'release', epoch, at, resumeAt: at + RELEASE_MS, tries: tries - 1 } as const;
  return (await write(table, shard, { ...event, duePk: dueOf({ region, runId }) })) !== undefined;
}

async function write(table: Table, ref: ShardRef, event: ShardEvent): Promise<LeasedShard | undefined> {
  const { change, condition } = transition(event);
  const result = await table.update(shardKey(ref.tenant, ref.runId, ref.shardId), change, condition);
  return result.ok ? (asShard(result.item) as LeasedShard) : undefined;
}
