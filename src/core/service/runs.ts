/** Starting, reading, listing and stopping runs. */
import { METRICS } from '../metrics.ts';
import { RUN_SWEEP_MS } from '../limits.ts';
import { EVENT_PREFIX, SHARD_PREFIX, dueOf, isRunId, planPrefix, runKey, runListPk, runPk, timeId } from '../names.ts';
import { progressOf, totalsOf, type Totals } from '../progress.ts';
import { asEvent, asItem, asRun, asShard, pendingOf, type RunRow, type ShardRow } from '../rows.ts';
import { isEnded, type RunState } from '../run.ts';
import { requestStop } from '../stop.ts';
import { allShards, note, readRun, readTask } from '../store.ts';
import { iso, noRun, noTask, ok, paging } from './outcome.ts';
import { createTask, forbidden, readHead, replaceTask } from './tasks.ts';
import type { Context } from '../context.ts';
import type { Caller, Outcome, PageOf, PageRequest, RunView, ShardView, TimelineEvent } from '../operations.ts';
import type { JsonObject } from '../json.ts';
import type { TaskSpec } from '../task.ts';

export type RunPorts = Pick<Context, 'region' | 'table' | 'orchestrator' | 'clock' | 'meter'> & {
  /** n random bytes. */
  randomBytes: (n: number) => Uint8Array;
};

export async function startRun(ports: RunPorts, caller: Caller, taskId: string): Promise<Outcome<RunView>> {
  const head = await readHead(ports, caller.tenant, taskId);
  if (head === undefined) return noTask(taskId);
  const task = await readTask(ports.table, caller.tenant, taskId, head.version);
  const no = await forbidden(ports, caller, task);
  return no ?? launch(ports, caller, task, head.version);
}

/** A task of this name gets a new version when the document differs from its latest. */
export async function startInline(ports: RunPorts, caller: Caller, task: TaskSpec): Promise<Outcome<RunView>> {
  const head = await readHead(ports, caller.tenant, task.name);
  const same =
    head &&
    JSON.stringify(await readTask(ports.table, caller.tenant, task.name, head.version)) === JSON.stringify(task);
  if (head && same) return startRun(ports, caller, task.name);
  const put = head ? await replaceTask(ports, caller, task.name, task) : await createTask(ports, caller, task);
  return put.ok ? launch(ports, caller, task, put.value.version) : put;
}

/** Row first, then the execution: what dies in between is found by the sweep. */
async function launch(ports: RunPorts, caller: Caller, task: TaskSpec, taskVersion: number): Promise<Outcome<RunView>> {
  const now = ports.clock.now();
  const runId = timeId(now, ports.randomBytes(10));
  const { tenant } = caller;
  const run: RunRow = {
    ...runKey(tenant, runId),
    kind: 'run',
    tenant,
    runId,
    taskId: task.name,
    taskVersion,
    state: 'QUEUED',
    region: ports.region,
    createdAt: now,
    attempt: 0,
    planEpoch: 0,
    rounds: [],
    roundCount: 0,
    merged: 0,
    doneHint: 0,
    recordsHint: 0,
    deadlineAt: now + task.limits.maxMinutes * 60_000,
    listPk: runListPk(tenant),
    listSk: runId,
    duePk: dueOf({ region: ports.region, runId }),
    dueAt: now + RUN_SWEEP_MS,
  };
  await ports.table.put(asItem(run), { absent: 'pk' });
  await note(ports.table, run, now, 'run.created', `task ${task.name} version ${String(taskVersion)}`);
  await ports.orchestrator.start(tenant, runId, 0);
  ports.meter.count(METRICS.runsStarted, 1);
  return ok(await viewRun(ports, run));
}

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
  const totals = await totalsOf(run, allShards(ports.table, run));
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

/** Answers once no worker will start another request than those of the next moments; the run ends a little later. */
export async function stopRun(ports: RunPorts, caller: Caller, runId: string): Promise<Outcome<RunView>> {
  if (!isRunId(runId)) return noRun(runId);
  const run = await requestStop(ports, caller.tenant, runId, 'user');
  return run ? ok(await viewRun(ports, run)) : noRun(runId);
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
