/**
 * `merge`: the links of a crawl's round, without those known before, as the frontier of the next. Reads only what is
 * committed and no longer changes, in a fixed order, so that doing it again gives the same objects.
 */
import { FingerprintSet } from '../fingerprint-set.ts';
import { ROUNDS_MAX } from '../limits.ts';
import { commitName, frontierObject, linksObject, runKey, seenObject } from '../names.ts';
import { allShards, note, readRun, taskOfRun, shardsOf } from '../store.ts';
import { targetIdentity } from '../url.ts';
import type { Context } from '../context.ts';
import type { PlannedTarget } from '../planned-target.ts';
import type { RoundRow, RunRow } from '../rows.ts';
import type { TaskSpec } from '../task.ts';

type Ports = Pick<Context, 'table' | 'objects' | 'clock'>;

export async function merge(
  ports: Ports,
  ref: { tenant: string; runId: string; attempt: number; round: number },
): Promise<{ more: boolean; round: number }> {
  const next = ref.round + 1;
  const over = { more: false, round: ref.round };
  const run = await readRun(ports.table, ref.tenant, ref.runId);
  const round = run?.rounds[ref.round];
  // A paused run may go on: what comes next sends no requests either, and its shards are not sent.
  if ((run?.state !== 'RUNNING' && run?.state !== 'PAUSED') || round === undefined) return over;
  if (run.attempt !== ref.attempt) return over;
  if (run.rounds[next]) return { more: true, round: next };
  const task = await taskOfRun(ports.table, run);
  const { crawl } = task.source;
  if (crawl === undefined || next > ROUNDS_MAX) return over;
  // Rounds are depths, until failed pages of all depths were tried again.
  if (run.redrives === undefined && next > crawl.depth) return over;
  const found = await writeFrontier(ports, run, round, task);
  await ports.table.update(runKey(run.tenant, run.runId), { set: { merged: next } }, { le: ['merged', next] });
  const detail = `round ${String(ref.round)}: ${String(found)} new targets among the links`;
  await note(ports.table, run, ports.clock.now(), 'run.merged', detail);
  return found > 0 ? { more: true, round: next } : over;
}

async function writeFrontier(ports: Ports, run: RunRow, round: RoundRow, task: TaskSpec): Promise<number> {
  const seen = await seenBefore(ports, run, round, task);
  const key = frontierObject(run.tenant, run.runId, round.round + 1);
  const { lines } = await ports.objects.writeLines(key, newLinks(ports, run, round, seen));
  await ports.objects.writeBytes(
    seenObject(run.tenant, run.runId, round.round + 1),
    seen.toBytes(),
    'application/octet-stream',
  );
  return lines;
}

/** Identities of everything the run has named up to and including this round. */
async function seenBefore(ports: Ports, run: RunRow, round: RoundRow, task: TaskSpec): Promise<FingerprintSet> {
  if (round.round > 0)
    return FingerprintSet.fromBytes(await ports.objects.readBytes(seenObject(run.tenant, run.runId, round.round)));
  const seen = new FingerprintSet();
  for (const seed of task.source.crawl?.seeds ?? []) seen.add(targetIdentity({ url: seed }) ?? seed);
  return seen;
}

async function* newLinks(ports: Ports, run: RunRow, round: RoundRow, seen: FingerprintSet): AsyncGenerator<string> {
  // Links found by a redrive may stand in any round; those of earlier rounds have all been seen.
  const shards = run.redrives === undefined ? shardsOf(ports.table, run, round) : allShards(ports.table, run);
  for await (const shard of shards) {
    for (const commit of shard.commits) {
      if (commit.k === undefined) continue;
      const name = commitName(shard.shardId, commit.e, commit.q);
      for await (const line of ports.objects.readLines(linksObject(run.tenant, run.runId, name))) {
        const identity = targetIdentity(JSON.parse(line) as PlannedTarget);
        if (identity !== undefined && seen.add(identity)) yield line;
      }
    }
  }
}
