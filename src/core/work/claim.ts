/**
 * The lease of a shard. Claiming raises the epoch in one conditional write; every later write of the owner names that
 * epoch, so an owner that was thought dead and comes back changes nothing.
 */
import { LEASE_MS } from '../limits.ts';
import { shardKey } from '../names.ts';
import { asShard, type ShardRow } from '../rows.ts';
import type { Condition, Table } from '../ports.ts';

/** Takes a shard that nobody holds: sent, parked, or with a lease that ran out. Undefined = not to be had. */
export async function claimShard(
  table: Table,
  ref: { tenant: string; runId: string; shardId: string },
  nowMs: number,
): Promise<ShardRow | undefined> {
  const free: Condition = {
    any: [
      { in: ['state', ['READY', 'PARKED']] },
      { all: [{ eq: ['state', 'LEASED'] }, { lt: ['leaseUntil', nowMs] }] },
    ],
  };
  return lease(table, ref, nowMs, free);
}

/** Takes a shard from whoever holds it: only for ending a run. */
export async function fenceShard(
  table: Table,
  ref: { tenant: string; runId: string; shardId: string },
  nowMs: number,
): Promise<ShardRow | undefined> {
  return lease(table, ref, nowMs, { in: ['state', ['WAITING', 'READY', 'PARKED', 'LEASED']] });
}

async function lease(
  table: Table,
  ref: { tenant: string; runId: string; shardId: string },
  nowMs: number,
  condition: Condition,
): Promise<ShardRow | undefined> {
  const until = nowMs + LEASE_MS;
  const write = await table.update(
    shardKey(ref.tenant, ref.runId, ref.shardId),
    {
      set: { state: 'LEASED', leaseUntil: until, dueAt: until, claimedAt: nowMs, resent: 0 },
      remove: ['resumeAt'],
      add: { epoch: 1 },
    },
    condition,
  );
  return write.ok ? asShard(write.item) : undefined;
}

/** Holds for the owner of this epoch and for nobody else. */
export const ownedBy = (shard: ShardRow): Condition => ({
  all: [{ eq: ['epoch', shard.epoch] }, { eq: ['state', 'LEASED'] }],
});

/** False when the lease has been lost. */
export async function renewLease(table: Table, shard: ShardRow, nowMs: number): Promise<boolean> {
  const until = nowMs + LEASE_MS;
  const write = await table.update(
    { pk: shard.pk, sk: shard.sk },
    { set: { leaseUntil: until, dueAt: until } },
    ownedBy(shard),
  );
  return write.ok;
}
