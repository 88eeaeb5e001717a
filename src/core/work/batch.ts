/**
 * What a worker has finished and not yet committed, and the commit that makes it true: objects first, then one
 * conditional write on the shard's row that names the epoch. What no row names does not exist for readers.
 */
import { LEASE_MS, SHARD_LOST_MS } from '../limits.ts';
import { withSet } from '../bitmap.ts';
import { addCounts, type BucketCounts, type LedgerLine } from '../ledger.ts';
import { commitName, dueOf, fileName, fileObject, linksObject } from '../names.ts';
import { asAttr, asShard, type CommitRow, type RetryMap, type ShardRow } from '../rows.ts';
import { ownedBy } from './claim.ts';
import type { Change, Objects, Table } from '../ports.ts';

export interface Finished {
  /** Place in the shard; undefined for a line that is no target of the shard (a page beyond a follow's limit). */
  index: number | undefined;
  line: LedgerLine;
  records: string[];
  links: string[];
  /** Body bytes received. */
  bytes: number;
}

export class Batch {
  readonly startedAt: number;
  readonly indexes: number[] = [];
  readonly lines: string[] = [];
  readonly records: string[] = [];
  readonly links: string[] = [];
  counts: BucketCounts = {};
  attempts = 0;
  bodyBytes = 0;
  /** Characters held, for the bound on memory. */
  size = 0;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  add(finished: Finished): void {
    const line = JSON.stringify(finished.line);
    if (finished.index !== undefined) this.indexes.push(finished.index);
    this.lines.push(line);
    for (const record of finished.records) {
      this.records.push(record);
      this.size += record.length;
    }
    for (const link of finished.links) {
      this.links.push(link);
      this.size += link.length;
    }
    this.size += line.length;
    this.counts = addCounts(this.counts, { [finished.line.bucket]: 1 });
    this.bodyBytes += finished.bytes;
  }
}

/** How the shard goes on after the commit. */
export type After =
  | { kind: 'work' }
  | { kind: 'done' }
  /** Handed back: to be gone on with at `resumeAt`. */
  | { kind: 'park'; resumeAt: number };

export interface Progressing {
  retries: RetryMap;
  gates: Record<string, number>;
  slots: ShardRow['slots'];
  /** For a follow shard: targets named so far and the page to go on with. */
  grown?: { targets: number; follow: string | undefined };
}

/** Commits a batch (which may be empty when the shard is handed back). Undefined: the lease was lost, nothing was changed. */
export async function commitBatch(
  ports: { table: Table; objects: Objects },
  shard: ShardRow,
  region: string,
  batch: Batch,
  progress: Progressing,
  after: After,
  nowMs: () => number,
): Promise<ShardRow | undefined> {
  const commit = batch.isEmpty ? undefined : await writeObjects(ports.objects, shard, batch);
  const now = nowMs();
  const change: Change = {
    set: {
      retries: progress.retries,
      gates: progress.gates,
      slots: progress.slots,
      done: withSet(shard.done, batch.indexes),
      counts: addCounts(shard.counts, batch.counts),
      attempts: shard.attempts + batch.attempts,
      records: shard.records + batch.records.length,
      bytes: shard.bytes + batch.bodyBytes,
      ...(commit && { seq: commit.q }),
      ...(progress.grown && { targets: progress.grown.targets }),
      ...(progress.grown?.follow !== undefined && { follow: progress.grown.follow }),
    },
    ...(commit && { append: { commits: [asAttr(commit)] } }),
  };
  const removed = progress.grown !== undefined && progress.grown.follow === undefined ? ['follow'] : [];
  const write = await ports.table.update(
    { pk: shard.pk, sk: shard.sk },
    closing(change, shard, region, after, now, removed),
    ownedBy(shard),
  );
  return write.ok ? asShard(write.item) : undefined;
}

function closing(
  change: Change,
  shard: ShardRow,
  region: string,
  after: After,
  now: number,
  removed: string[],
): Change {
  const set = change.set ?? {};
  switch (after.kind) {
    case 'work':
      return { ...change, set: { ...set, leaseUntil: now + LEASE_MS, dueAt: now + LEASE_MS }, remove: removed };
    case 'done':
      return {
        ...change,
        set: { ...set, state: 'DONE', finishedAt: now, retries: {}, gates: {}, slots: {} },
        remove: [...removed, 'leaseUntil', 'dueAt', 'duePk'],
      };
    case 'park':
      return {
        ...change,
        set: {
          ...set,
          state: 'PARKED',
          resumeAt: after.resumeAt,
          duePk: dueOf({ region, runId: shard.runId }),
          dueAt: after.resumeAt + SHARD_LOST_MS,
        },
        remove: [...removed, 'leaseUntil'],
      };
  }
}

async function writeObjects(objects: Objects, shard: ShardRow, batch: Batch): Promise<CommitRow> {
  const { tenant, runId, shardId, epoch } = shard;
  const seq = shard.seq + 1;
  const name = commitName(shardId, epoch, seq);
  const write = (key: string, lines: string[]) => (lines.length > 0 ? objects.writeLines(key, lines) : undefined);
  const [records, ledger] = await Promise.all([
    write(fileObject(tenant, runId, fileName('records', name)), batch.records),
    objects.writeLines(fileObject(tenant, runId, fileName('ledger', name)), batch.lines),
    write(linksObject(tenant, runId, name), batch.links),
  ]);
  return {
    e: epoch,
    q: seq,
    ...(records && { r: records.lines, rb: records.bytes, rh: records.sha256 }),
    l: ledger.lines,
    lb: ledger.bytes,
    lh: ledger.sha256,
    c: batch.counts,
    ...(batch.links.length > 0 && { k: batch.links.length }),
  };
}
