/** The targets of a shard that have no end yet, each with what it has behind it: for workers, for the end of a run, for readers. */
import { isSet } from './bitmap.ts';
import { targetsObject } from './names.ts';
import { pendingOf, type ShardRow } from './rows.ts';
import { fresh, type TargetState } from './target.ts';
import type { PlannedTarget } from './planned-target.ts';
import type { Objects } from './ports.ts';

export interface PendingTarget extends PlannedTarget {
  /** Its place in the shard. */
  index: number;
  state: Extract<TargetState, { kind: 'waiting' }>;
}

export async function* openTargets(objects: Objects, shard: ShardRow): AsyncGenerator<PendingTarget> {
  if (pendingOf(shard) === 0) return;
  const pending = (target: PlannedTarget, index: number): PendingTarget => ({
    ...target,
    index,
    state: stateOf(shard, index),
  });
  if (shard.follow !== undefined) {
    const { follow: url, followFrom: from } = shard;
    // All its targets but the one that is pending have been fetched.
    yield pending({ url, ...(from !== undefined && { from }) }, shard.targets - 1);
    return;
  }
  let index = 0;
  for await (const line of objects.readLines(targetsObject(shard.tenant, shard.runId, shard.shardId))) {
    if (!isSet(shard.done, index)) yield pending(JSON.parse(line) as PlannedTarget, index);
    index++;
  }
}

function stateOf(shard: ShardRow, index: number): PendingTarget['state'] {
  const [attempts, nextAt, waitedMs = 0, lastFailure] = shard.retries[String(index)] ?? [0, 0];
  return { ...fresh, attempts, nextAt, waitedMs, ...(lastFailure !== undefined && { lastFailure }) };
}
