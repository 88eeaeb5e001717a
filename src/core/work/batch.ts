/**
 * What a worker has finished and not yet committed, and the commit that makes it true: objects first, then one
 * conditional write on the shard's row that names the epoch. What no row names does not exist for readers.
 */
import { withSet } from '../bitmap.ts';
import { LineBuffer, type RecordLine } from '../line-buffer.ts';
import { addCounts, type BucketCounts, type LedgerLine } from '../ledger.ts';
import { commitName, dueOf, fileName, fileObject, linksObject } from '../names.ts';
import { asAttr, asShard, type CommitRow, type LeasedShard, type RetryMap, type ShardRow } from '../rows.ts';
import { transition, type After } from '../shard.ts';
import { letGo } from './long-body.ts';
import type { Objects, Table } from '../ports.ts';

export interface Finished {
  /** Place in the shard; undefined for a line that is no target of the shard (a page beyond a follow's limit). */
  index: number | undefined;
  line: LedgerLine;
  records: RecordLine[];
  links: string[];
  /** Body bytes received. */
  bytes: number;
}

export class Batch {
  readonly startedAt: number;
  readonly indexes: number[] = [];
  /** Of the ledger. */
  readonly lines = new LineBuffer();
  readonly records = new LineBuffer();
  readonly links: string[] = [];
  readonly counts: BucketCounts = {};
  attempts = 0;
  bodyBytes = 0;
  /** Characters and bytes held, for the bound on memory. */
  size = 0;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }

  get isEmpty(): boolean {
    return this.lines.lines === 0;
  }

  /** Once it is committed: what was written is not read again. */
  release(): void {
    this.lines.release();
    this.records.release();
  }

  add(finished: Finished): void {
    const line = JSON.stringify(finished.line);
    if (finished.index !== undefined) this.indexes.push(finished.index);
    this.lines.add(line);
    for (const record of finished.records) {
      this.records.addRecord(record);
      this.size += record.head.length + record.data.length;
      letGo(record.data);
    }
    for (const link of finished.links) {
      this.links.push(link);
      this.size += link.length;
    }
    this.size += line.length;
    const { bucket } = finished.line;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.bodyBytes += finished.bytes;
  }
}

export interface Progressing {
  retries: RetryMap;
  gates: Record<string, number>;
  /** Reserved and not used, for a shard that is parked. */
  held?: NonNullable<ShardRow['held']>['by'];
  /** Claims still held against the shard's targets; absent = as it was. */
  tries?: number;
  /** For a follow shard: targets named so far and the page to go on with. */
  grown?: { targets: number; follow: string | undefined; from: string | undefined };
}

/** Commits a batch (which may be empty when the shard is handed back). Undefined: the lease was lost, nothing was changed. */
export async function commitBatch(
  ports: { table: Table; objects: Objects },
  shard: LeasedShard,
  region: string,
  batch: Batch,
  progress: Progressing,
  to: After,
  nowMs: () => number,
): Promise<ShardRow | undefined> {
  const commit = batch.isEmpty ? undefined : await writeObjects(ports.objects, shard, batch);
  const { retries, gates, held, tries, grown } = progress;
  const { change, condition } = transition({
    kind: 'commit',
    epoch: shard.epoch,
    seq: shard.seq,
    at: nowMs(),
    facts: {
      retries,
      gates,
      slots: {},
      ...(held && { held: { epoch: shard.epoch, by: held } }),
      done: withSet(shard.done, batch.indexes),
      counts: addCounts(shard.counts, batch.counts),
      attempts: shard.attempts + batch.attempts,
      records: shard.records + batch.records.lines,
      bytes: shard.bytes + batch.bodyBytes,
      ...(commit && { seq: commit.q }),
      ...(tries !== undefined && { tries }),
      ...(grown && { targets: grown.targets }),
      ...(grown?.follow !== undefined && { follow: grown.follow }),
      ...(grown?.from !== undefined && { followFrom: grown.from }),
    },
    append: commit ? [asAttr(commit)] : [],
    remove: [
      ...(held === undefined ? ['held'] : []),
      ...(grown !== undefined && grown.follow === undefined ? ['follow', 'followFrom'] : []),
    ],
    to,
    duePk: dueOf({ region, runId: shard.runId }),
  });
  const write = await ports.table.update({ pk: shard.pk, sk: shard.sk }, change, condition);
  if (write.ok) return asShard(write.item);
  const now = write.item && asShard(write.item);
  return now && isMade(now, shard, commit, to) ? now : undefined;
}

/**
 * Is this very commit in the row? So it is when a first attempt took effect, its answer was lost and the port tried again:
 * nobody else writes under this epoch.
 */
function isMade(now: ShardRow, shard: LeasedShard, commit: CommitRow | undefined, to: After): boolean {
  if (now.epoch !== shard.epoch || now.seq !== (commit?.q ?? shard.seq)) return false;
  return to.kind === 'work' ? now.state === 'LEASED' && commit !== undefined : now.state !== 'LEASED';
}

async function writeObjects(objects: Objects, shard: LeasedShard, batch: Batch): Promise<CommitRow> {
  const { tenant, runId, shardId, epoch } = shard;
  const seq = shard.seq + 1;
  const name = commitName(shardId, epoch, seq);
  const file = (kind: 'records' | 'ledger'): string => fileObject(tenant, runId, fileName(kind, name));
  const [records, ledger] = await Promise.all([
    batch.records.lines > 0 ? objects.writeText(file('records'), batch.records.pieces, 'kept') : undefined,
    objects.writeText(file('ledger'), batch.lines.pieces, 'kept'),
    batch.links.length > 0 ? objects.writeLines(linksObject(tenant, runId, name), batch.links) : undefined,
  ]);
  return {
    e: epoch,
    q: seq,
    ...(records && { r: batch.records.lines, rb: records.bytes, rh: records.sha256 }),
    l: batch.lines.lines,
    lb: ledger.bytes,
    lh: ledger.sha256,
    c: batch.counts,
    ...(batch.links.length > 0 && { k: batch.links.length }),
  };
}
