/**
 * Failed targets once more: their shards are opened again. For each, its ledger objects are written anew without those
 * targets and one conditional write puts them in place, so that a target stands in exactly one bucket at every moment.
 */
import { withCleared } from './bitmap.ts';
import { Bounded } from './bounded.ts';
import { addCounts, type BucketCounts, type LedgerLine } from './ledger.ts';
import { ledgerObject } from './manifest.ts';
import { dueOf } from './names.ts';
import { asAttr, type CommitRow, type RoundRow, type RunRow, type ShardFacts, type ShardRow } from './rows.ts';
import { transition } from './shard.ts';
import { readShard, shardsOf } from './store.ts';
import type { Redriving } from './run.ts';
import type { Context } from './context.ts';

type Ports = Pick<Context, 'region' | 'table' | 'objects' | 'clock'>;

/** Opens every shard that the redrive means. May be called again: what is open is left as it is. */
export async function reopenShards(ports: Ports, run: RunRow, redriving: Redriving, follows: boolean): Promise<number> {
  const reopening = new Bounded(8);
  let shards = 0;
  for (const round of run.rounds) {
    for (const lane of await lanesOf(ports, run, round, redriving)) {
      shards += lane.length;
      await reopening.run(() => reopenLane(ports, run, lane, redriving, follows));
    }
  }
  await reopening.drain();
  return shards;
}

/** Last first: each shard must know which of its lane comes after it before a worker may finish it. */
async function reopenLane(
  ports: Ports,
  run: RunRow,
  lane: string[],
  redriving: Redriving,
  follows: boolean,
): Promise<void> {
  for (const [i, shardId] of [...lane.entries()].reverse()) {
    const shard = await readShard(ports.table, run.tenant, run.runId, shardId);
    if (shard?.state === 'DONE')
      await reopen(ports, run, shard, redriving, follows, lane[i + 1], i === 0 ? 'READY' : 'WAITING');
  }
}

/**
 * The shards to be opened, or opened already, by stream and in its order: whatever its links have become since it was
 * planned, and whether it was split, they follow one another.
 */
async function lanesOf(ports: Ports, run: RunRow, round: RoundRow, redriving: Redriving): Promise<string[][]> {
  const lanes = new Map<string, string[]>();
  /** Rows of an earlier release: shard → first shard of its lane, as told by whoever comes before it. */
  const laneOf = new Map<string, string>();
  for await (const { shardId, stream, next, state, counts } of shardsOf(ports.table, run, round)) {
    const lane = stream === undefined ? (laneOf.get(shardId) ?? shardId) : `stream ${String(stream)}`;
    if (next !== undefined) laneOf.set(next, lane);
    const isMeant = 'only' in redriving ? shardId in redriving.only : state !== 'DONE' || (counts.failed ?? 0) > 0;
    if (isMeant) lanes.set(lane, [...(lanes.get(lane) ?? []), shardId]);
  }
  return [...lanes.values()];
}

/** Undefined: every failed target of the shard. */
const placesOf = (redriving: Redriving, { shardId }: ShardRow): number[] | undefined =>
  'all' in redriving ? undefined : (redriving.only[shardId] ?? []);

async function reopen(
  ports: Ports,
  run: RunRow,
  shard: ShardRow,
  redriving: Redriving,
  follows: boolean,
  next: string | undefined,
  to: 'READY' | 'WAITING',
): Promise<void> {
  const wanted = placesOf(redriving, shard);
  const epoch = shard.epoch + 1;
  const again: LedgerLine[] = [];
  const commits: CommitRow[] = [];
  let counts: BucketCounts = {};
  for (const commit of shard.commits) {
    const rewritten = await withoutFailed(ports, shard, commit, epoch, wanted, again);
    counts = addCounts(counts, rewritten.c);
    // One that is left with nothing stays: its number was used.
    commits.push(rewritten);
  }
  if (again.length === 0) return;
  const facts: Partial<ShardFacts> = {
    commits: commits.map((commit) => asAttr(commit)) as unknown as CommitRow[],
    counts,
    done: withCleared(
      shard.done,
      again.map(({ index = 0 }) => index),
    ),
    tries: 0,
    resent: 0,
    ...(next !== undefined && { next }),
  };
  const [page] = again;
  // A follow ends at the page that failed: it goes on from there.
  if (follows && page !== undefined)
    Object.assign(facts, { follow: page.url, ...(page.from !== undefined && { followFrom: page.from }) });
  const { change, condition } = transition({
    kind: 'reopen',
    epoch: shard.epoch,
    era: run.redrives ?? 0,
    at: ports.clock.now(),
    facts,
    remove: ['lags', 'beside', ...(next === undefined ? ['next'] : [])],
    to,
    duePk: dueOf(run),
  });
  // Lost: another planner has opened it meanwhile.
  await ports.table.update({ pk: shard.pk, sk: shard.sk }, change, condition);
}

/** The commit with its ledger written again, less the targets that are tried once more; these are added to `again`. */
async function withoutFailed(
  ports: Ports,
  shard: ShardRow,
  commit: CommitRow,
  epoch: number,
  wanted: number[] | undefined,
  again: LedgerLine[],
): Promise<CommitRow> {
  if ((commit.c.failed ?? 0) === 0) return commit;
  const kept: string[] = [];
  let taken = 0;
  for await (const text of ports.objects.readLines(ledgerObject(shard, commit))) {
    const line = JSON.parse(text) as LedgerLine;
    const { bucket, index } = line;
    if (bucket === 'failed' && index !== undefined && (wanted?.includes(index) ?? true)) {
      again.push(line);
      taken++;
    } else kept.push(text);
  }
  if (taken === 0) return commit;
  const left = (commit.c.failed ?? 0) - taken;
  const { failed: _, ...rest } = commit.c;
  const c: BucketCounts = left > 0 ? { ...rest, failed: left } : rest;
  if (kept.length === 0) return { ...commit, l: 0, lb: 0, lh: '', c, le: epoch };
  const stored = await ports.objects.writeLines(ledgerObject(shard, { ...commit, le: epoch }), kept);
  return { ...commit, l: stored.lines, lb: stored.bytes, lh: stored.sha256, c, le: epoch };
}
