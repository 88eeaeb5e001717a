/** Totals of a run from its rows. The rows are the truth; nothing here counts on its own. */
import { BUCKETS, addCounts, totalOf, type Bucket, type BucketCounts } from './ledger.ts';
import { pendingOf, type RunRow, type ShardRow } from './rows.ts';
import type { Progress } from './operations.ts';

export interface Totals {
  counts: BucketCounts;
  pending: number;
  attempts: number;
  records: number;
  bytes: number;
  shards: { planned: number; running: number; done: number };
}

export async function totalsOf(run: RunRow, shards: AsyncIterable<ShardRow>): Promise<Totals> {
  const totals: Totals = {
    counts: run.rounds.reduce<BucketCounts>((sum, round) => addCounts(sum, round.counts), {}),
    pending: 0,
    attempts: 0,
    records: 0,
    bytes: 0,
    shards: { planned: 0, running: 0, done: 0 },
  };
  for await (const shard of shards) {
    totals.counts = addCounts(totals.counts, shard.counts);
    totals.pending += pendingOf(shard);
    totals.attempts += shard.attempts;
    totals.records += shard.records;
    totals.bytes += shard.bytes;
    totals.shards.planned++;
    if (shard.state === 'LEASED') totals.shards.running++;
    if (shard.state === 'DONE') totals.shards.done++;
  }
  return totals;
}

/** `discovered` is the sum of the buckets by construction. */
export function progressOf(totals: Totals, duplicateRecords?: number): Progress {
  const buckets = Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, bucket === 'pending' ? totals.pending : (totals.counts[bucket] ?? 0)]),
  ) as Record<Bucket, number>;
  return {
    discovered: totalOf(totals.counts) + totals.pending,
    ...buckets,
    attempts: totals.attempts,
    records: totals.records - (duplicateRecords ?? 0),
    bytes: totals.bytes,
    ...(duplicateRecords !== undefined && { duplicateRecords }),
  };
}
