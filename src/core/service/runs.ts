/** Reading and listing runs, their shards and what happened to them. */
import { EVENT_PREFIX, SHARD_PREFIX, isRunId, planPrefix, runListPk, runPk } from '../names.ts';
import { progressOf, totalsOf, type Totals } from '../progress.ts';
import { asEvent, asRun, asShard, pendingOf, type RunRow, type ShardRow } from '../rows.ts';
import { isEnded, type RunState } from '../run.ts';
import { allShards, readRun } from '../store.ts';
import { costByService, costUsd, readUsage } from '../usage.ts';
import { iso, noRun, ok, paging } from './outcome.ts';
import type { Context } from '../context.ts';
import type { Caller, Outcome, PageOf, PageRequest, RunView, ShardView, TimelineEvent } from '../operations.ts';
import type { JsonObject } from '../json.ts';

type RunPorts = Pick<Context, 'table' | 'clock'>;

export async function getRun(ports: RunPorts, caller: Caller, runId: string): Promise<Outcome<RunView>> {
  const run = await findRun(ports, caller, runId);
  return run ? ok(await viewRun(ports, run)) : noRun(runId);
}

export async function findRun(
  ports: Pick<Context, 'table'>,
  caller: Caller,
  runId: string,
): Promise<RunRow | undefined> {
  return isRunId(runId) ? readRun(ports.table, caller.tenant, runId) : undefined;
}

export async function viewRun(ports: Pick<Context, 'table' | 'clock'>, run: RunRow): Promise<RunView> {
  const [totals, used] = await Promise.all([
    totalsOf(run, allShards(ports.table, run)),
    readUsage(ports.table, run.tenant, run.runId),
  ]);
  return {
    id: run.runId,
    taskId: run.taskId,
    taskVersion: run.taskVersion,
    state: run.state,
    ...(run.stopReason !== undefined && { stopReason: run.stopReason }),
    createdAt: iso(run.createdAt),
    ...(run.startedAt !== undefined && { startedAt: iso(run.startedAt) }),
    ...(run.finishedAt !== undefined && { finishedAt: iso(run.finishedAt) }),
    region: run.region,
    progress: progressOf(totals, run.duplicateRecords),
    shards: totals.shards,
    rate: rateOf(run, totals, ports.clock.now()),
    ...(run.error && { error: run.error }),
    ...(run.pausedAt !== undefined && { pausedAt: iso(run.pausedAt) }),
    ...(run.heldBy !== undefined && { heldBy: run.heldBy }),
    ...(run.quota !== undefined && { quota: run.quota }),
    ...(run.waitsFor !== undefined && { waitsFor: run.waitsFor }),
    ...(run.configVersion !== undefined && { configVersion: run.configVersion }),
    ...(run.redrives !== undefined && { redrives: run.redrives }),
    ...(used && { costUsd: costUsd(used), costByService: costByService(used) }),
  };
}

function rateOf(run: RunRow, totals: Totals, now: number): RunView['rate'] {
  if (run.startedAt === undefined) return { targetsPerSecond: 0 };
  const seconds = Math.max(0.001, ((run.finishedAt ?? now) - run.startedAt) / 1000);
  const { collected = 0, unmodified = 0, failed = 0, disallowed = 0 } = totals.counts;
  const targetsPerSecond = Math.round(((collected + unmodified + failed + disallowed) / seconds) * 100) / 100;
  if (isEnded(run.state) || targetsPerSecond === 0) return { targetsPerSecond };
  return { targetsPerSecond, etaSeconds: Math.ceil(totals.pending / targetsPerSecond) };
}

export async function listRuns(
  ports: RunPorts,
  caller: Caller,
  filter: { taskId?: string; state?: RunState },
  page: PageRequest,
): Promise<Outcome<PageOf<RunView>>> {
  return paging(async () => {
    const wanted = (run: RunRow): boolean =>
      (filter.taskId === undefined || run.taskId === filter.taskId) &&
      (filter.state === undefined || run.state === filter.state);
    const rows: RunRow[] = [];
    let cursor = page.cursor;
    do {
      const found = await ports.table.list(runListPk(caller.tenant), {
        limit: page.limit - rows.length,
        ...(cursor !== undefined && { cursor }),
      });
      rows.push(...found.items.map(asRun).filter(wanted));
      cursor = found.cursor;
    } while (cursor !== undefined && rows.length < page.limit);
    const items = await Promise.all(rows.map((run) => viewRun(ports, run)));
    return ok({ items, ...(cursor !== undefined && { nextCursor: cursor }) });
  });
}

export async function listShards(
  ports: RunPorts,
  caller: Caller,
  runId: string,
  page: PageRequest,
): Promise<Outcome<PageOf<ShardView>>> {
  const run = await findRun(ports, caller, runId);
  if (run === undefined) return noRun(runId);
  return paging(async () => {
    const found = await ports.table.query({ pk: runPk(caller.tenant, runId), prefix: SHARD_PREFIX, ...page });
    const committed = run.rounds.map(({ round, plan }) => planPrefix(round, plan));
    const items = found.items
      .filter(({ sk }) => committed.some((prefix) => sk.startsWith(prefix)))
      .map(asShard)
      .map(viewShard(run));
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}

const viewShard =
  (run: RunRow) =>
  (shard: ShardRow): ShardView => ({
    id: shard.shardId,
    round: run.rounds.findIndex(({ round, plan }) => shard.sk.startsWith(planPrefix(round, plan))),
    state: shard.state,
    epoch: shard.epoch,
    targets: shard.targets,
    pending: pendingOf(shard),
    counts: shard.counts,
    attempts: shard.attempts,
    records: shard.records,
    bytes: shard.bytes,
    commits: shard.commits.length,
    hosts: shard.hosts,
    ...(shard.claimedAt !== undefined && { claimedAt: iso(shard.claimedAt) }),
    ...(shard.finishedAt !== undefined && { finishedAt: iso(shard.finishedAt) }),
    ...(shard.state === 'PARKED' && shard.resumeAt !== undefined && { resumesAt: iso(shard.resumeAt) }),
  });

export async function timeline(
  ports: RunPorts,
  caller: Caller,
  runId: string,
  page: PageRequest,
): Promise<Outcome<PageOf<TimelineEvent>>> {
  const run = await findRun(ports, caller, runId);
  if (run === undefined) return noRun(runId);
  return paging(async () => {
    const found = await ports.table.query({ pk: runPk(caller.tenant, runId), prefix: EVENT_PREFIX, ...page });
    const items = found.items.map(asEvent).map(({ at, type, detail, data }) => ({
      at: iso(at),
      type,
      detail,
      ...(data && { data: data as unknown as JsonObject }),
    }));
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}
