/** `work`: takes one shard message, works at the shard under its lease, and hands on what comes next. */
import { METRICS } from '../metrics.ts';
import { isSet } from '../bitmap.ts';
import { DELAY_SECONDS_MAX, SHARD_LOST_MS, WORK_CHAIN_MS, WORK_RESERVE_MS } from '../limits.ts';
import { dueOf, fileName, fileObject, commitName, parseShardId, runKey, shardKey, targetsObject } from '../names.ts';
import { pendingOf, asRun, type RunRow, type ShardRow, type TenantRow } from '../rows.ts';
import { isEnded } from '../run.ts';
import { requestStop, wakeIfDue } from '../stop.ts';
import { readRun, readTask, readTenant } from '../store.ts';
import { compileScope, targetIdentity } from '../url.ts';
import { Attempts, type WorkPorts } from '../work/attempt.ts';
import { claimShard } from '../work/claim.ts';
import { Session, type SessionEnd } from '../work/session.ts';
import type { CompileExtractor } from '../context.ts';
import type { PlannedTarget } from '../cut.ts';
import type { HostQueue } from '../work/host-queue.ts';
import type { LedgerLine } from '../ledger.ts';
import type { ShardMessage } from '../ports.ts';
import type { TaskSpec } from '../task.ts';

export interface WorkStepPorts extends WorkPorts {
  compileExtractor: CompileExtractor;
  /** Registrable domain of a host name. */
  domainOf: (hostname: string) => string;
}
/** The fate of a message: every one of them means that it may be deleted. */
export type WorkAnswer = SessionEnd['kind'] | 'noSuchShard' | 'runOver' | 'notMine';

/** @param deadlineAt when the invocation ends, UTC ms. */
export async function work(ports: WorkStepPorts, message: ShardMessage, deadlineAt: number): Promise<WorkAnswer> {
  const run = await readRun(ports.table, message.tenant, message.runId);
  if (run === undefined) return 'noSuchShard';
  if (isEnded(run.state) || run.state !== 'RUNNING') return 'runOver';
  const shard = await claimShard(ports.table, message, ports.clock.now());
  if (shard === undefined) return 'notMine';
  const session = await open(ports, run, shard, deadlineAt);
  const end = await session.run();
  await handOn(ports, shard, end);
  return end.kind;
}

async function open(ports: WorkStepPorts, run: RunRow, shard: ShardRow, deadlineAt: number): Promise<Session> {
  const [task, tenant] = await Promise.all([
    readTask(ports.table, run.tenant, run.taskId, run.taskVersion),
    readTenant(ports.table, run.tenant),
  ]);
  const attempts = await makeAttempts(ports, run, shard, task, tenant);
  const hosts = new Map<string, HostQueue>();
  for await (const target of pendingTargets(ports, shard)) attempts.queue(hosts, target);
  const now = ports.clock.now();
  return new Session(ports, {
    run,
    shard,
    task,
    hosts,
    attempts,
    chainAt: Math.min(now + WORK_CHAIN_MS, deadlineAt - WORK_RESERVE_MS),
    abortAt: deadlineAt - WORK_RESERVE_MS / 2,
    onCommit: async (_shard, batch) => {
      ports.meter.count(METRICS.commits, 1);
      ports.meter.count(METRICS.attempts, batch.attempts);
      ports.meter.count(METRICS.records, batch.records.length);
      ports.meter.count(METRICS.bodyBytes, batch.bodyBytes);
      ports.meter.count(METRICS.targetsCollected, batch.counts.collected ?? 0);
      ports.meter.count(METRICS.targetsFailed, batch.counts.failed ?? 0);
      if (task.limits.maxRecords !== null) await countRecords(ports, run, batch.records.length, task.limits.maxRecords);
    },
  });
}

async function makeAttempts(
  ports: WorkStepPorts,
  run: RunRow,
  shard: ShardRow,
  task: TaskSpec,
  tenant: TenantRow,
): Promise<Attempts> {
  const { crawl, follow } = task.source;
  const followsLinks = crawl !== undefined && parseShardId(shard.shardId).round < crawl.depth;
  const extractor = await ports.compileExtractor({
    extract: task.extract,
    ...(followsLinks && { links: crawl.links }),
    ...(follow && { next: follow.next }),
  });
  return new Attempts(ports, {
    task,
    shard,
    extractor,
    allowAddresses: tenant.allowAddresses,
    ...(followsLinks && { linkScope: compileScope(crawl.scope, crawl.seeds, ports.domainOf) }),
    seenPages: follow ? await seenPages(ports, shard) : new Set(),
    beforeDone: (done) => activateNext(ports, run, done),
  });
}

/** The targets of the shard that have no end yet, with the attempts made so far. */
async function* pendingTargets(
  ports: WorkStepPorts,
  shard: ShardRow,
): AsyncGenerator<Parameters<Attempts['queue']>[1]> {
  if (pendingOf(shard) === 0) return;
  const withRetries = (target: PlannedTarget, index: number) => {
    const [attempts, nextAt] = shard.retries[String(index)] ?? [0, 0];
    return { ...target, index, attempts, nextAt };
  };
  if (shard.follow !== undefined) {
    yield withRetries({ url: shard.follow }, followIndex(shard));
    return;
  }
  let index = 0;
  for await (const line of ports.objects.readLines(targetsObject(shard.tenant, shard.runId, shard.shardId))) {
    if (!isSet(shard.done, index)) yield withRetries(JSON.parse(line) as PlannedTarget, index);
    index++;
  }
}

/** Pages a follow shard has fetched: all its targets but the one that is pending. */
const followIndex = (shard: ShardRow): number => shard.targets - 1;

/** Read back from the shard's own committed ledger, so that no row grows with the pages. */
async function seenPages(ports: WorkStepPorts, shard: ShardRow): Promise<Set<string>> {
  const seen = new Set<string>();
  const remember = (url: string): void => {
    const identity = targetIdentity({ url });
    if (identity !== undefined) seen.add(identity);
  };
  if (shard.follow !== undefined) remember(shard.follow);
  for (const commit of shard.commits) {
    const name = fileName('ledger', commitName(shard.shardId, commit.e, commit.q));
    for await (const line of ports.objects.readLines(fileObject(shard.tenant, shard.runId, name)))
      remember((JSON.parse(line) as LedgerLine).url);
  }
  return seen;
}

/** Makes the lane's next shard due before this one is done: whoever dies in between, the sweep finds it. */
async function activateNext(ports: WorkStepPorts, run: RunRow, shard: ShardRow): Promise<void> {
  if (shard.next === undefined) return;
  await ports.table.update(
    shardKey(shard.tenant, shard.runId, shard.next),
    { set: { state: 'READY', duePk: dueOf(run), dueAt: ports.clock.now() + SHARD_LOST_MS } },
    { eq: ['state', 'WAITING'] },
  );
}

/** Sends what comes after this shard: itself later, the next of its lane, or the word that the round is done. */
async function handOn(ports: WorkStepPorts, shard: ShardRow, end: SessionEnd): Promise<void> {
  const { tenant, runId, shardId } = shard;
  const message = (id: string): ShardMessage => ({ v: 1, tenant, runId, shardId: id });
  switch (end.kind) {
    case 'done': {
      ports.meter.count(METRICS.shardsDone, 1);
      if (shard.next !== undefined) await ports.queue.send([message(shard.next)]);
      const write = await ports.table.update(
        runKey(tenant, runId),
        { add: { doneHint: 1 } },
        { eq: ['state', 'RUNNING'] },
      );
      if (!write.ok) return;
      const now = asRun(write.item);
      if (now.doneHint >= (now.rounds.at(-1)?.shards ?? 0)) await wakeIfDue(ports, tenant, runId);
      return;
    }
    case 'parked': {
      ports.meter.count(METRICS.shardsParked, 1);
      const waitSeconds = Math.ceil((end.resumeAt - ports.clock.now()) / 1000);
      await ports.queue.send([message(shardId)], Math.min(Math.max(waitSeconds, 0), DELAY_SECONDS_MAX));
      return;
    }
    case 'halted':
    case 'leaseLost':
      return;
  }
}

/** `limits.maxRecords`: a hint is enough, since what is over it has already been collected. */
async function countRecords(ports: WorkStepPorts, run: RunRow, records: number, recordsMax: number): Promise<void> {
  const write = await ports.table.update(
    runKey(run.tenant, run.runId),
    { add: { recordsHint: records } },
    { eq: ['state', 'RUNNING'] },
  );
  if (write.ok && asRun(write.item).recordsHint >= recordsMax)
    await requestStop(ports, run.tenant, run.runId, 'maxRecords');
}
