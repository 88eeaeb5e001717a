/** The manifest: what readers trust. Built from rows alone; the objects it names carry its hashes. */
import { commitName, fileName } from './names.ts';
import { progressOf, totalsOf } from './progress.ts';
import type { Manifest, ManifestFile } from './operations.ts';
import type { RunRow, ShardRow } from './rows.ts';
import type { RunState } from './run.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** @param state the run's state as the manifest is to tell it: `finish` writes it just before the row says so. */
export async function buildManifest(run: RunRow, shards: AsyncIterable<ShardRow>, state: RunState): Promise<Manifest> {
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
    ...(run.finishedAt !== undefined && { finishedAt: iso(run.finishedAt) }),
    totals: progressOf(totals, run.duplicateRecords),
    parts,
    ledger,
  };
}

export const partsOf = (shard: ShardRow): ManifestFile[] =>
  shard.commits.flatMap(({ e, q, r, rb, rh }) =>
    r === undefined
      ? []
      : [{ name: fileName('records', commitName(shard.shardId, e, q)), lines: r, bytes: rb ?? 0, sha256: rh ?? '' }],
  );

export const ledgersOf = (shard: ShardRow): ManifestFile[] =>
  shard.commits.map(({ e, q, l, lb, lh, c }) => ({
    name: fileName('ledger', commitName(shard.shardId, e, q)),
    lines: l,
    bytes: lb,
    sha256: lh,
    counts: c,
  }));
