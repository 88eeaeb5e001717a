/**
 * A shard within its stream: going on with the next one while the last targets of this one lag, and giving the far half of
 * the stream away. Each is one conditional write on a shard that waits (`WAITING`), so of two who try one is right, and
 * whoever dies before or after it leaves a stream that goes on.
 */
import { dueOf, parseShardId, runKey, shardId, shardKey } from '../names.ts';
import { asShard, type LeasedShard, type RunRow, type ShardRow } from '../rows.ts';
import { transition, type ShardEvent } from '../shard.ts';
import { readShard } from '../store.ts';
import { handedOver } from './split.ts';
import type { Context } from '../context.ts';

type Ports = Pick<Context, 'table' | 'queue' | 'clock'>;

async function move(
  ports: Ports,
  { tenant, runId }: ShardRow,
  id: string,
  event: ShardEvent,
): Promise<ShardRow | undefined> {
  const { change, condition } = transition(event);
  const write = await ports.table.update(shardKey(tenant, runId, id), change, condition);
  return write.ok ? asShard(write.item) : undefined;
}

/** Which of the shards that its stream has left behind are still open. */
async function stillOpen(ports: Ports, { tenant, runId, beside = [] }: ShardRow): Promise<string[]> {
  const rows = await Promise.all(beside.map((id) => readShard(ports.table, tenant, runId, id)));
  return rows.filter((row) => row !== undefined && row.state !== 'DONE').map((row) => row?.shardId ?? '');
}

/** Makes the next shard of the stream ready; undefined when there is none or its turn has come already. */
export async function activateNext(
  ports: Ports,
  run: RunRow,
  shard: ShardRow,
  lagging: string[] = [],
): Promise<ShardRow | undefined> {
  const { next, splits, given } = shard;
  if (next === undefined) return undefined;
  const beside = [...(await stillOpen(ports, shard)), ...lagging];
  const at = ports.clock.now();
  const carried = {
    ...(splits !== undefined && { splits }),
    ...(given !== undefined && { given }),
    ...(beside.length > 0 && { beside }),
  };
  return move(ports, shard, next, { kind: 'activate', at, duePk: dueOf(run), carried });
}

/** This shard lags from now on, and the next one may begin. Undefined: it may not, or is no longer this worker's to say. */
export async function overtake(ports: Ports, run: RunRow, shard: LeasedShard): Promise<ShardRow | undefined> {
  const { epoch, shardId: id } = shard;
  const marked = await move(ports, shard, id, { kind: 'mark', epoch, facts: { lags: true } });
  return marked && activateNext(ports, run, shard, [id]);
}

/** The stream's shares are halved from now on. False when the lease is lost, or no worker is left for another stream. */
export async function beginSplit(ports: Ports, run: RunRow, shard: LeasedShard): Promise<LeasedShard | undefined> {
  const workers = run.rounds[parseShardId(shard.shardId).round]?.workers;
  if (workers === undefined) return undefined;
  const free = {
    all: [{ eq: ['state', 'RUNNING'] as [string, string] }, { lt: ['streams', workers] as [string, number] }],
  };
  const taken = await ports.table.update(runKey(run.tenant, run.runId), { add: { streams: 1 } }, free);
  if (!taken.ok) return undefined;
  const facts = { splits: (shard.splits ?? 0) + 1 };
  const marked = await move(ports, shard, shard.shardId, { kind: 'mark', epoch: shard.epoch, facts });
  return marked?.state === 'LEASED' ? marked : undefined;
}

/**
 * Gives away the far half: its first shard, which waited, becomes the first of a stream. Only after `beginSplit`, when no
 * more is in flight than the halved shares allow.
 */
export async function endSplit(
  ports: Ports,
  run: RunRow,
  shard: LeasedShard,
  waiting: number,
): Promise<LeasedShard | undefined> {
  const { tenant, runId, targets, given = 0, splits = 0 } = shard;
  const behind = (shard.behind ?? 0) - given;
  const first = await farHalf(ports, shard, behind, waiting);
  if (first === undefined) return undefined;
  const at = ports.clock.now();
  const carried = { splits, first: true as const, ...(given > 0 && { given }) };
  const parted = await move(ports, shard, first.shardId, { kind: 'activate', at, duePk: dueOf(run), carried });
  if (parted === undefined || targets === 0) return undefined;
  await ports.queue.send([{ v: 1, tenant, runId, shardId: first.shardId }]);
  const facts = { given: (first.behind ?? 0) + first.targets };
  const marked = await move(ports, shard, shard.shardId, { kind: 'mark', epoch: shard.epoch, facts });
  return marked?.state === 'LEASED' ? marked : undefined;
}

/** Shards of a stream are numbered in their order and are about the same size. */
async function farHalf(ports: Ports, shard: ShardRow, behind: number, waiting: number): Promise<ShardRow | undefined> {
  const { tenant, runId, targets, stream } = shard;
  const name = parseShardId(shard.shardId);
  const shards = Math.ceil(behind / Math.max(1, targets));
  const kept = Math.max(0, shards - Math.max(1, Math.round(handedOver({ behind, waiting }) / Math.max(1, targets))));
  const id = shardId({ ...name, index: name.index + 1 + kept });
  const row = await readShard(ports.table, tenant, runId, id);
  return row?.state === 'WAITING' && row.stream === stream ? row : undefined;
}

/** A stream has come to its end, or to where it was split: its worker may have another. Only a hint. */
export async function streamEnded(ports: Ports, shard: ShardRow): Promise<void> {
  const { tenant, runId, next } = shard;
  const after = next === undefined ? undefined : await readShard(ports.table, tenant, runId, next);
  if (after !== undefined && after.first !== true) return;
  const live = { all: [{ eq: ['state', 'RUNNING'] as [string, string] }, { present: 'streams' }] };
  await ports.table.update(runKey(tenant, runId), { add: { streams: -1 } }, live);
}
