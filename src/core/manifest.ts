/** The manifest: what readers trust. Built from rows alone; the objects it names carry its hashes. */
import { commitName, fileName, fileObject } from './names.ts';
import { progressOf, totalsOf } from './progress.ts';
import type { Manifest, ManifestFile } from './operations.ts';
import type { CommitRow, RunRow, ShardRow } from './rows.ts';
import type { RunState } from './run.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** @param state and the time of the end as the manifest is to tell them: `finish` writes it just before the row says so. */
export async function buildManifest(
  run: RunRow,
  shards: AsyncIterable<ShardRow>,
  state: RunState,
  finishedAt = run.finishedAt,
): Promise<Manifest> {
  const parts: ManifestFile[] = [];
  const ledger: ManifestFile[] = run.rounds.flatMap((round) =>
    round.ledgers.map(({ name, ...file }) => ({ name: fileName('ledger', name), ...file })),
  );
  async function* collecting(): AsyncGenerator<ShardRow> {
    for await (const shard of shards) {
      parts.push(...partsOf(shard));
      ledger.push(...ledgersOf(shard));
      yield shard;
    }
  }
  const totals = await totalsOf(run, collecting());
  return {
    version: 1,
    runId: run.runId,
    taskId: run.taskId,
    taskVersion: run.taskVersion,
    state,
    region: run.region,
    createdAt: iso(run.createdAt),
    ...(run.startedAt !== undefined && { startedAt: iso(run.startedAt) }),
    ...(finishedAt !== undefined && { finishedAt: iso(finishedAt) }),
    totals: progressOf(totals, run.duplicateRecords),
    parts,
    ledger,
  };
}

/** Names of what one commit wrote. The ledger's differs where it was written again for a redrive. */
const recordsName = (shard: ShardRow, { e, q }: CommitRow): string =>
  fileName('records', commitName(shard.shardId, e, q));
const ledgerName = (shard: ShardRow, { e, q, le = e }: CommitRow): string =>
  fileName('ledger', commitName(shard.shardId, le, q));
export const ledgerObject = (shard: ShardRow, commit: CommitRow): string =>
  fileObject(shard.tenant, shard.runId, ledgerName(shard, commit));

export const partsOf = (shard: ShardRow): ManifestFile[] =>
  shard.commits.flatMap((commit) => {
    const { r, rb = 0, rh = '' } = commit;
    return r === undefined ? [] : [{ name: recordsName(shard, commit), lines: r, bytes: rb, sha256: rh }];
  });

export const ledgersOf = (shard: ShardRow): ManifestFile[] =>
  shard.commits.flatMap((commit) => {
    const { l, lb, lh, c } = commit;
    return l === 0 ? [] : [{ name: ledgerName(shard, commit), lines: l, bytes: lb, sha256: lh, counts: c }];
  });
