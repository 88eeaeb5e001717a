/** `work`: takes one shard message, works at the shard under its lease, and hands on what comes next. */
import { METRICS } from '../metrics.ts';
import { defer, leavePlace, passOn, placesFor, takePlace } from '../flow.ts';
import {
  DEATHS_ALONE,
  DELAY_SECONDS_MAX,
  HOST_SEEN_LEASES,
  HOST_SEEN_SECONDS,
  HOSTS_SEEN_MAX,
  WORK_CHAIN_MS,
  WORK_CONCURRENCY_MAX,
  WORK_RESERVE_MS,
} from '../limits.ts';
import { deadLetterKey, hostSeenKey, isHost, parseShardId, runKey } from '../names.ts';
import { BudgetsShare } from '../pace/budgets.ts';
import { asItem, asRun } from '../rows.ts';
import { ledgerObject } from '../manifest.ts';
import { openTargets, type PendingTarget } from '../open-targets.ts';
import { requestStop, wakeIfDue } from '../stop.ts';
import { SecretMissing, readSecrets } from '../secret-headers.ts';
import { note, readRun, readTenant } from '../store.ts';
import { compileScope, targetIdentity } from '../url.ts';
import { Attempts, type AttemptEnd, type AttemptsInput, type WorkPorts } from '../work/attempt.ts';
import { claimShard, releaseShard } from '../work/claim.ts';
import { Common } from '../work/common.ts';
import { Load } from '../work/load.ts';
import { Session, type SessionEnd, type SessionInput } from '../work/session.ts';
import { activateNext, overtake, streamEnded } from '../work/stream.ts';
import { inOrder, isCondemned, isSuspect, windowOf } from '../work/suspicion.ts';
import type { CompileExtractor, Context } from '../context.ts';
import type { HostQueue } from '../work/host-queue.ts';
import type { LedgerLine } from '../ledger.ts';
import type { HostSeenRow, LeasedShard, RunRow, ShardRow, TenantRow } from '../rows.ts';
import type { ShardMessage } from '../ports.ts';
import type { TaskSpec } from '../task.ts';

export interface WorkStepPorts extends WorkPorts, Pick<Context, 'secrets'> {
  compileExtractor: CompileExtractor;
  /** Requests in flight in one worker; absent = `WORK_CONCURRENCY_MAX`. */
  slots?: number;
  /** Absent = `SPLIT_SECONDS`. */
  splitSeconds?: number;
}
/** The fate of a message: every one of them means that it may be deleted. */
export type WorkAnswer = SessionEnd['kind'] | 'released' | 'noSuchShard' | 'runOver' | 'notMine' | 'deferred';

/** @param deadlineAt when the invocation ends, UTC ms. */
export async function work(ports: WorkStepPorts, message: ShardMessage, deadlineAt: number): Promise<WorkAnswer> {
  const run = await readRun(ports.table, message.tenant, message.runId);
  if (run?.state !== 'RUNNING') {
    await passOn(ports, message.tenant);
    return run === undefined ? 'noSuchShard' : 'runOver';
  }
  const tenant = await readTenant(ports.table, run.tenant);
  const places = await placesFor(ports, tenant);
  const place = await takePlace(ports, message, places);
  if (place === 'full') {
    await defer(ports, run, message.shardId, places);
    return 'deferred';
  }
  const owner = ports.chance().toString(36).slice(2);
  const shard = await claimShard(ports.table, message, ports.clock.now(), owner);
  if (shard === undefined) {
    // A place that was there before is its holder's.
    await (place === 'taken' ? leavePlace(ports, message) : passOn(ports, message.tenant));
    return 'notMine';
  }
  try {
    const crew = new Crew(ports, run, tenant, shard, deadlineAt);
    try {
      return await crew.tend(shard);
    } finally {
      await crew.over();
    }
  } finally {
    await leavePlace(ports, message).catch((error: unknown) => {
      ports.log.warn('place not given up', { error: String(error) });
    });
  }
}

/** The sessions of one worker: that of the shard it was sent, and those of shards that its stream went on with meanwhile. */
class Crew {
  readonly #ports: WorkStepPorts;
  readonly #run: RunRow;
  readonly #deadlineAt: number;
  readonly #load: Load;
  readonly #bornAt: number;
  readonly #chainAt: number;
  readonly #others: Promise<void>[] = [];
  readonly #common: Common;
  #failure: { error: unknown } | undefined;

  constructor(ports: WorkStepPorts, run: RunRow, tenant: TenantRow, first: LeasedShard, deadlineAt: number) {
    this.#ports = ports;
    this.#run = run;
    this.#common = new Common(ports, run, tenant, heldBy(first));
    this.#deadlineAt = deadlineAt;
    const now = ports.clock.now();
    this.#load = new Load(ports.slots ?? WORK_CONCURRENCY_MAX, now);
    this.#bornAt = now;
    this.#chainAt = Math.min(now + WORK_CHAIN_MS, deadlineAt - WORK_RESERVE_MS);
  }

  /** Works at a shard until its session ends, and hands on what comes next. @param given what it has of the budgets already. */
  async tend(shard: LeasedShard, given?: BudgetsShare): Promise<WorkAnswer> {
    let session: Session | undefined;
    const bell = this.#common.bell();
    const end = await hold(this.#ports, shard, async () => {
      const shared = {
        bell,
        load: this.#load,
        chainAt: this.#chainAt,
        abortAt: this.#deadlineAt - WORK_RESERVE_MS / 2,
        splitSeconds: this.#ports.splitSeconds,
        overtake: (drained: LeasedShard, budgets: BudgetsShare): Promise<boolean> => this.#overtake(drained, budgets),
      };
      session = await this.#load.chore(
        () => this.#ports.clock.now(),
        () => open(this.#ports, this.#run, shard, this.#common, shared, given),
      );
      return session.run();
    });
    this.#common.silence(bell);
    if (session === undefined) await given?.closeUnless(() => false, this.#ports.log);
    await handOn(this.#ports, session?.shard ?? shard, end, session?.isOvertaken === true);
    return end.kind;
  }

  /** Resolves when every session has ended; throws what one of them threw. */
  async over(): Promise<void> {
    // One that ends late may have let another begin.
    for (let i = 0; i < this.#others.length; i++) await this.#others[i];
    const { meter, clock } = this.#ports;
    meter.count(METRICS.workerMs, clock.now() - this.#bornAt);
    meter.count(METRICS.idleMs, Math.round(this.#load.idleUntil(clock.now())));
    if (this.#failure) throw this.#failure.error;
  }

  async #alongside(shard: LeasedShard, budgets: BudgetsShare): Promise<void> {
    try {
      await this.tend(shard, budgets);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  /** The next shard of the stream is worked at beside the one that lags. Where that fails it waits to be sent, as any other. */
  async #overtake(drained: LeasedShard, budgets: BudgetsShare): Promise<boolean> {
    const ports = this.#ports;
    try {
      // As with every message: a session looks only after a while whether its run is still wanted.
      const run = await readRun(ports.table, drained.tenant, drained.runId);
      if (run?.state !== 'RUNNING') return false;
      const next = await overtake(ports, this.#run, drained);
      if (next === undefined) return false;
      const owner = ports.chance().toString(36).slice(2);
      const shard = await claimShard(ports.table, next, ports.clock.now(), owner);
      if (shard !== undefined) this.#others.push(this.#alongside(shard, budgets.another()));
      return true;
    } catch (error) {
      ports.log.warn('stream not gone on with', { error: String(error) });
      const { tenant, runId, next } = drained;
      if (next !== undefined) await ports.queue.send([{ v: 1, tenant, runId, shardId: next }]).catch(() => undefined);
      return false;
    }
  }
}

/** Trouble of the worker's own (a table or bucket out of reach) gives the shard back as if it had never been claimed. */
async function hold(
  ports: WorkStepPorts,
  shard: LeasedShard,
  session: () => Promise<SessionEnd>,
): Promise<SessionEnd | { kind: 'released' }> {
  try {
    return await session();
  } catch (error) {
    const released = await releaseShard(ports.table, shard, ports.region, ports.clock.now()).catch(() => false);
    if (error instanceof SecretMissing) {
      const { tenant, runId } = shard;
      await note(ports.table, shard, ports.clock.now(), 'run.secretMissing', error.message);
      await requestStop(ports, tenant, runId, 'secretMissing');
      return { kind: 'released' };
    }
    if (!released) throw error;
    ports.log.error('shard given back', { error: String(error) });
    return { kind: 'released' };
  }
}

async function open(
  ports: WorkStepPorts,
  run: RunRow,
  shard: LeasedShard,
  common: Common,
  shared: Pick<SessionInput, 'bell' | 'load' | 'chainAt' | 'abortAt' | 'splitSeconds'> & {
    overtake: (drained: LeasedShard, budgets: BudgetsShare) => Promise<boolean>;
  },
  given: BudgetsShare | undefined,
): Promise<Session> {
  const { task, tenant, budgets: all } = await common.known();
  const budgets = given ?? new BudgetsShare(all);
  const attempts = await makeAttempts(ports, { run, shard, task, tenant, budgets, hostsSeen: common.hostsSeen });
  const hosts = new Map<string, HostQueue>();
  const { taken, held: leftAlone, ended } = await pendingUnderSuspicion(ports, shard, attempts);
  for (const target of taken) attempts.queue(hosts, target);
  await budgets.closeUnless((host) => hosts.has(host), ports.log);
  return new Session(ports, {
    ...shared,
    overtake: (drained) => shared.overtake(drained, budgets),
    run,
    shard,
    task,
    hosts,
    budgets,
    attempts,
    held: leftAlone,
    ended,
    onCommit: async (batch) => {
      ports.meter.count(METRICS.commits, 1);
      ports.meter.count(METRICS.attempts, batch.attempts);
      ports.meter.count(METRICS.records, batch.records.lines);
      ports.meter.count(METRICS.bodyBytes, batch.bodyBytes);
      ports.meter.count(METRICS.targetsCollected, batch.counts.collected ?? 0);
      ports.meter.count(METRICS.targetsFailed, batch.counts.failed ?? 0);
      if (task.limits.maxRecords !== null) await countRecords(ports, run, batch.records.lines, task.limits.maxRecords);
    },
  });
}

/** The pending targets this worker may take, how many it leaves alone, and the one that its predecessors died of. */
async function pendingUnderSuspicion(
  ports: WorkStepPorts,
  shard: LeasedShard,
  attempts: Attempts,
): Promise<{ taken: PendingTarget[]; held: number; ended: AttemptEnd[] }> {
  const pending: PendingTarget[] = [];
  for await (const target of openTargets(ports.objects, shard)) pending.push(target);
  const { tries = 0, tenant, runId, shardId } = shard;
  if (!isSuspect(tries)) return { taken: pending, held: 0, ended: [] };
  const [first, ...rest] = inOrder(pending);
  if (first !== undefined && isCondemned(pending.length, tries)) {
    const detail = `its worker died ${String(DEATHS_ALONE)} times with this target alone`;
    const { index, url } = first;
    ports.log.error('poison target', { tenant, runId, shardId, url });
    const letter = { kind: 'deadLetter', letter: 'target', tenant, runId, shardId, index, url, detail } as const;
    const key = deadLetterKey(tenant, runId, shardId, index);
    await ports.table.put(asItem({ ...key, ...letter, at: ports.clock.now() }));
    return { taken: [], held: rest.length, ended: [attempts.condemn(first, detail)] };
  }
  const taken = [first, ...rest].filter((target) => target !== undefined).slice(0, windowOf(pending.length, tries));
  return { taken, held: pending.length - taken.length, ended: [] };
}

/** Slots that the owner before has kept for this claim; rows of the release before tell them in another way. */
function heldBy({ epoch, held, slots }: ShardRow): Record<string, [fromMs: number, untilMs: number][]> {
  const old = Object.entries(slots).map(
    ([host, [from, interval, count]]) => [host, [[from, from + interval * count]]] as [string, [number, number][]],
  );
  return { ...Object.fromEntries(old), ...(held?.epoch === epoch - 1 && held.by) };
}

async function makeAttempts(
  ports: WorkStepPorts,
  given: {
    run: RunRow;
    shard: LeasedShard;
    task: TaskSpec;
    tenant: TenantRow;
    budgets: BudgetsShare;
    hostsSeen: Set<string>;
  },
): Promise<Attempts> {
  const { run, shard, task, tenant, budgets } = given;
  const { crawl, follow } = task.source;
  // Rounds are depths, until failed pages of all depths are tried again.
  const followsLinks =
    crawl !== undefined && (run.redrives !== undefined || parseShardId(shard.shardId).round < crawl.depth);
  const extractor = await ports.compileExtractor({
    extract: (await ports.switches.now()).noBodies ? { ...task.extract, keepBody: 'none' } : task.extract,
    ...(followsLinks && { links: crawl.links }),
    ...(follow && { next: follow.next }),
  });
  return new Attempts(ports, {
    task,
    shard,
    budgets,
    extractor,
    allowAddresses: tenant.allowAddresses,
    secretsFor: await readSecrets(ports.secrets, run.tenant, task),
    ...(followsLinks && {
      links: {
        scope: compileScope(crawl.scope, crawl.seeds, crawl.scope === 'domain' ? await ports.loadDomainOf() : String),
        depth: crawl.depth,
      },
    }),
    seenPages: follow ? await seenPages(ports, shard) : new Set(),
    beforeDone: async (done) => void (await activateNext(ports, run, done)),
    onHost: noteHost(ports, shard, given.hostsSeen),
  });
}

/**
 * Leaves word which hosts a tenant has targets in, for `GET /v1/hosts`. Losing it loses nothing but a line of that list.
 * @param seen hosts of which its worker has left word.
 */
function noteHost(ports: WorkStepPorts, { tenant, epoch }: LeasedShard, seen: Set<string>): AttemptsInput['onHost'] {
  let said = 0;
  return async ({ host, budget }, crawlDelaySeconds) => {
    if (epoch % HOST_SEEN_LEASES !== 1 || seen.has(host) || said >= HOSTS_SEEN_MAX || !isHost(host)) return;
    seen.add(host);
    said++;
    const seenAt = ports.clock.now();
    const row: HostSeenRow = {
      ...hostSeenKey(tenant, host),
      kind: 'hostSeen',
      host,
      budget: budget?.name ?? host,
      seenAt,
      ...(crawlDelaySeconds !== undefined && { crawlDelaySeconds }),
      expiresAt: Math.floor(seenAt / 1000) + HOST_SEEN_SECONDS,
    };
    try {
      await ports.table.put(asItem(row));
    } catch (error) {
      ports.log.warn('host not noted', { error: String(error) });
    }
  };
}

/** Read back from the shard's own committed ledger, so that no row grows with the pages. */
async function seenPages(ports: WorkStepPorts, shard: ShardRow): Promise<Set<string>> {
  const seen = new Set<string>();
  const remember = (url: string): void => {
    const identity = targetIdentity({ url });
    if (identity !== undefined) seen.add(identity);
  };
  if (shard.follow !== undefined) remember(shard.follow);
  for (const commit of shard.commits) {
    if (commit.l === 0) continue;
    for await (const line of ports.objects.readLines(ledgerObject(shard, commit)))
      remember((JSON.parse(line) as LedgerLine).url);
  }
  return seen;
}

/** Sends what comes after this shard: itself later, the next of its lane, or the word that the round is done. */
async function handOn(
  ports: WorkStepPorts,
  shard: ShardRow,
  end: SessionEnd | { kind: 'released' },
  isOvertaken: boolean,
): Promise<void> {
  const { tenant, runId, shardId } = shard;
  const message = (id: string): ShardMessage => ({ v: 1, tenant, runId, shardId: id });
  switch (end.kind) {
    case 'done': {
      ports.meter.count(METRICS.shardsDone, 1);
      if (!isOvertaken && shard.lags !== true) await goOn(ports, shard);
      const write = await ports.table.update(
        runKey(tenant, runId),
        { add: { doneHint: 1 } },
        { in: ['state', ['RUNNING', 'PAUSED']] },
      );
      if (!write.ok) return;
      const now = asRun(write.item);
      if (now.doneHint >= (now.rounds[parseShardId(shardId).round]?.shards ?? 0)) await wakeIfDue(ports, tenant, runId);
      return;
    }
    case 'parked': {
      ports.meter.count(METRICS.shardsParked, 1);
      const waitSeconds = Math.ceil((end.resumeAt - ports.clock.now()) / 1000);
      await ports.queue.send([message(shardId)], Math.min(Math.max(waitSeconds, 0), DELAY_SECONDS_MAX));
      return;
    }
    case 'halted': {
      // Resumed while this worker was putting its things down: then the resumer has not seen the shard parked.
      const run = await readRun(ports.table, tenant, runId);
      if (run?.state === 'RUNNING') await ports.queue.send([message(shardId)]);
      return;
    }
    case 'released':
    case 'leaseLost':
      return;
  }
}

/** The stream goes on with its next shard, or ends. */
async function goOn(ports: WorkStepPorts, shard: ShardRow): Promise<void> {
  const { tenant, runId, next } = shard;
  if (next !== undefined) await ports.queue.send([{ v: 1, tenant, runId, shardId: next }]);
  if (shard.stream !== undefined) await streamEnded(ports, shard);
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
