/** Invariants of single writes: what a row was, what it became, and who did it. Pure; each returns what is broken. */
import { totalOf, addCounts, type BucketCounts, type EndBucket } from '#core/ledger.ts';
import { isEnded, type RunState } from '#core/run.ts';
import { pendingOf, type CommitRow, type RunRow, type ShardRow } from '#core/rows.ts';
import type { ShardState } from '#core/shard.ts';
import { violation, type Violation } from './invariants.ts';

const SHARD_ARROWS: Record<ShardState, ShardState[]> = {
  WAITING: ['READY', 'LEASED'],
  READY: ['LEASED'],
  LEASED: ['LEASED', 'PARKED', 'DONE'],
  PARKED: ['LEASED'],
  DONE: ['READY', 'WAITING'],
};
const RUN_ARROWS: Record<string, RunState[]> = {
  QUEUED: ['PLANNING', 'FINALIZING'],
  PLANNING: ['RUNNING', 'FINALIZING'],
  RUNNING: ['PAUSED', 'FINALIZING'],
  PAUSED: ['RUNNING', 'FINALIZING'],
  FINALIZING: ['SUCCEEDED', 'PARTIAL', 'FAILED', 'STOPPED', 'TIMED_OUT'],
};

export interface Writer {
  kind: string;
  /** The epoch under which it holds this shard, if it does. */
  holds: number | undefined;
  /** UTC ms as it reads the clock. */
  nowMs: number;
}

const bitsOf = (bits: Uint8Array): number => {
  let set = 0;
  for (const byte of bits) for (let rest = byte; rest > 0; rest &= rest - 1) set++;
  return set;
};
const isSubset = (bits: Uint8Array, of: Uint8Array): boolean => bits.every((byte, i) => (byte & ~(of[i] ?? 0)) === 0);
const sameCounts = (a: BucketCounts, b: BucketCounts): boolean =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].every(
    (bucket) => (a[bucket as EndBucket] ?? 0) === (b[bucket as EndBucket] ?? 0),
  );

/** A shard as it stands. */
export function checkShard(shard: ShardRow): Violation[] {
  const found: Violation[] = [];
  const { shardId, counts, done, commits, targets } = shard;
  const total = totalOf(counts);
  const bits = bitsOf(done);
  // A follow names pages beyond its limit: they have a line and no place.
  const isFollow = shard.follow !== undefined || shard.followFrom !== undefined || total > bits;
  if (isFollow ? bits > total || total - bits > 1 : bits !== total)
    found.push(violation('countsAgree', `${shardId}: ${String(total)} ends, ${String(bits)} done bits`));
  const lines = commits.reduce((sum, { l }) => sum + l, 0);
  const committed = commits.reduce<BucketCounts>((sum, { c }) => addCounts(sum, c), {});
  if (lines !== total || !sameCounts(committed, counts))
    found.push(
      violation(
        'countsAgree',
        `${shardId}: commits say ${JSON.stringify(committed)} in ${String(lines)} lines, the shard ${JSON.stringify(counts)}`,
      ),
    );
  if (total > targets || pendingOf(shard) < 0)
    found.push(violation('countsAgree', `${shardId}: ${String(total)} ends of ${String(targets)} targets`));
  if (shard.state === 'DONE' && pendingOf(shard) !== 0)
    found.push(violation('countsAgree', `${shardId} is DONE with ${String(pendingOf(shard))} pending`));
  return found;
}

/** One write on a shard's row. */
export function checkShardWrite(before: ShardRow, after: ShardRow, writer: Writer): Violation[] {
  const found: Violation[] = [];
  const { shardId } = after;
  const says = (name: Violation['name'], text: string): void => void found.push(violation(name, `${shardId}: ${text}`));
  const isReopened = before.state === 'DONE' && writer.kind === 'plan';
  if (before.state !== after.state && !SHARD_ARROWS[before.state].includes(after.state))
    says('shardArrows', `${before.state} → ${after.state} by ${writer.kind}`);
  if (after.epoch < before.epoch) says('epochsRise', `epoch ${String(before.epoch)} → ${String(after.epoch)}`);
  const isTaken = after.state === 'LEASED' && (before.state !== 'LEASED' || after.claimedAt !== before.claimedAt);
  if (isTaken && after.epoch <= before.epoch) says('epochsRise', `taken without a new epoch`);
  if (isTaken && writer.kind === 'work' && before.state === 'LEASED' && before.leaseUntil >= writer.nowMs)
    says('claimFree', `taken ${String(Math.round(before.leaseUntil - writer.nowMs))} ms before its lease runs out`);
  if (!isReopened && !isSubset(before.done, after.done)) says('doneStaysDone', 'a done bit was cleared');
  if (after.targets < before.targets)
    says('discoveredKept', `${String(before.targets)} → ${String(after.targets)} targets`);
  if (isReopened) return [...found, ...checkShard(after)];
  const [had, has] = [before.commits, after.commits];
  if (has.length < had.length || had.some((commit, i) => !sameCommit(commit, has[i])))
    says('doneStaysDone', 'a commit was taken away or changed');
  if (has.length > had.length || bitsOf(after.done) > bitsOf(before.done)) {
    if (writer.holds !== before.epoch)
      says(
        'commitByOwner',
        `committed by ${writer.kind} that holds ${String(writer.holds)} while the epoch is ${String(before.epoch)}`,
      );
    if (has.slice(had.length).some(({ e }) => e !== before.epoch))
      says('commitByOwner', `a commit names another epoch than ${String(before.epoch)}`);
  }
  return [...found, ...checkShard(after)];
}

const sameCommit = (a: CommitRow, b: CommitRow | undefined): boolean =>
  b !== undefined && a.e === b.e && a.q === b.q && a.l === b.l && a.lh === b.lh && a.rh === b.rh && a.le === b.le;

/** One write on a run's row. */
export function checkRunWrite(before: RunRow | undefined, after: RunRow): Violation[] {
  const found: Violation[] = [];
  const says = (name: Violation['name'], text: string): void =>
    void found.push(violation(name, `run ${after.runId}: ${text}`));
  if (before === undefined) {
    if (after.state !== 'QUEUED') says('runArrows', `begins as ${after.state}`);
    return found;
  }
  const to = isEnded(before.state) ? ['QUEUED'] : (RUN_ARROWS[before.state] ?? []);
  if (before.state !== after.state && !to.includes(after.state)) says('runArrows', `${before.state} → ${after.state}`);
  if (after.planEpoch < before.planEpoch) says('epochsRise', 'the epoch of its plan fell');
  if (after.rounds.length < before.rounds.length) says('discoveredKept', 'a round was taken away');
  if (after.attempt < before.attempt) says('epochsRise', 'its attempt fell');
  return found;
}
