/**
 * `plan`: the source of one round as shards, in two passes: the first decides about every target and counts by host, the
 * second deals them out to the streams. Memory is bounded by hosts, not by targets. What it writes
 * becomes visible by one conditional write under the epoch this planner was given; a planner that died or came late
 * leaves objects that nothing names.
 */
import { SourceFailure, SourceHeld } from '../context.ts';
import { FingerprintSet } from '../fingerprint-set.ts';
import { planObject } from '../names.ts';
import { loadsOf } from '../plan/estimate.ts';
import { RoundTargets } from '../plan/round-targets.ts';
import { ShardWriter } from '../plan/shard-writer.ts';
import { planStreams } from '../plan/streams.ts';
import { PlanLedger } from '../plan-ledger.ts';
import { PAUSED_LOOK_SECONDS, SHARD_TARGETS_MAX } from '../limits.ts';
import { reopenShards } from '../redrive.ts';
import type { RoundRow, RunRow, TenantRow } from '../rows.ts';
import { isEnded } from '../run.ts';
import { holdsLock } from '../run-lock.ts';
import { entriesOf, type Entry, type PlanPorts } from '../sources.ts';
import { moveRun, timeUp } from '../stop.ts';
import { note, readRun, readTenant, taskOfRun } from '../store.ts';
import { compileFilter, identify, plainHost, type Filter } from '../url.ts';
import type { PlannedTarget } from '../planned-target.ts';
import type { TaskSpec } from '../task.ts';

export interface PlanAnswer {
  round: number;
  shards: number;
  secondsLeft: number;
  proceed: boolean;
  /** With `proceed` false: workers may still be at it and get time to put their things down. */
  grace: boolean;
  /** Links of this round may become another: only then there is something to merge. */
  crawls: boolean;
}

/** Plans that may be overtaken by another planner of the same round before this one gives up. */
const TRIES = 4;
const OVERTAKEN_MS = 1_000;

export async function plan(
  ports: PlanPorts,
  ref: { tenant: string; runId: string; attempt: number; round: number },
): Promise<PlanAnswer> {
  const { round } = ref;
  const over = (grace: boolean): PlanAnswer => {
    return { round, shards: 0, secondsLeft: 1, proceed: false, grace, crawls: false };
  };
  for (let tries = 1; tries <= TRIES; tries++) {
    const run = await readRun(ports.table, ref.tenant, ref.runId);
    if (run === undefined || isEnded(run.state) || run.attempt !== ref.attempt) return over(false);
    if (run.state === 'FINALIZING') return over(true);
    if (await isOver(ports, run)) return over(true);
    const known = run.rounds[ref.round];
    if (known && run.redriving === undefined) return await onward(ports, run, known);
    const claimed = await claim(ports, run, known === undefined ? ref.round : run.roundCount);
    if (claimed === undefined) continue;
    try {
      const done = known
        ? await reopen(ports, claimed)
        : await commit(ports, claimed, await cutRound(ports, claimed, ref.round));
      const made = done?.rounds[ref.round];
      if (done && made) return await onward(ports, done, made);
    } catch (error) {
      if (error instanceof SourceHeld) {
        await waitForOperator(ports, claimed, error.message);
        return over(false);
      }
      if (!(error instanceof SourceFailure)) throw error;
      await refuse(ports, claimed, error.message);
      return over(false);
    }
    // Overtaken or stopped meanwhile. The other planner gets time to commit, so that two do not overtake each other for ever.
    await ports.clock.sleep(OVERTAKEN_MS * tries * (1 + ports.chance()));
  }
  throw new Error(`round ${String(ref.round)}: overtaken by other planners ${String(TRIES)} times`);
}

/** How long the machine may wait for the round. A paused run is looked at again some day: its time stands still. */
async function onward(ports: PlanPorts, run: RunRow, round: RoundRow): Promise<PlanAnswer> {
  const left = run.state === 'PAUSED' ? PAUSED_LOOK_SECONDS : Math.floor((run.deadlineAt - ports.clock.now()) / 1000);
  const { shards } = round;
  const crawls = (await taskOfRun(ports.table, run)).source.crawl !== undefined;
  return { round: round.round, shards, secondsLeft: Math.max(1, left), proceed: true, grace: false, crawls };
}

/** A run whose time is up, or whose lock another run has taken, is sent to its end from here. */
async function isOver(ports: PlanPorts, run: RunRow): Promise<boolean> {
  if (run.state === 'QUEUED' && !(await holdsLock(ports, run)))
    return (await moveRun(ports, run.tenant, run.runId, { kind: 'stop', reason: 'overlap' })).ok;
  if (run.state === 'QUEUED' || run.state === 'PAUSED' || run.deadlineAt > ports.clock.now()) return false;
  return timeUp(ports, run);
}

/** Takes the next plan epoch; undefined when the run has moved on meanwhile. */
async function claim(ports: PlanPorts, run: RunRow, round: number): Promise<RunRow | undefined> {
  if (isEnded(run.state) || run.state === 'FINALIZING') return undefined;
  const at = ports.clock.now();
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'plan', from: run.state, round, at });
  return write.ok ? write.run : undefined;
}

/** A redriven run: its rounds are known, some of their shards are opened again. */
async function reopen(ports: PlanPorts, run: RunRow): Promise<RunRow | undefined> {
  if (run.redriving === undefined) return run;
  const task = await taskOfRun(ports.table, run);
  const shards = await reopenShards(ports, run, run.redriving, task.source.follow !== undefined);
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'reopened', epoch: run.planEpoch });
  if (!write.ok) return undefined;
  await note(ports.table, run, ports.clock.now(), 'run.reopened', `${String(shards)} shards have targets to try again`);
  return write.run;
}

async function cutRound(ports: PlanPorts, run: RunRow, round: number): Promise<RoundRow> {
  const [task, tenant] = await Promise.all([taskOfRun(ports.table, run), readTenant(ports.table, run.tenant)]);
  const ledger = new PlanLedger(ports, run, round);
  const keyOf = (file: string): string => planObject(run.tenant, run.runId, round, run.planEpoch, file);
  const targets = new RoundTargets({ objects: ports.objects, keyOf });
  await takeTargets(ports, run, tenant, task, round, targets, ledger);
  const written = await writeShards(ports, run, task, round, targets);
  const ended = await ledger.finish();
  return { round, plan: run.planEpoch, ...written, ...ended };
}

/** The first pass. What tells duplicates is let go of when it ends: it is most of what planning holds. */
async function takeTargets(
  ports: PlanPorts,
  run: RunRow,
  tenant: TenantRow,
  task: TaskSpec,
  round: number,
  targets: RoundTargets,
  ledger: PlanLedger,
): Promise<void> {
  const filter = targetFilter(task, round);
  const seen = new FingerprintSet();
  let room = targetsAllowed(task) - run.rounds.reduce((sum, done) => sum + done.targets, 0);
  const decide = (target: PlannedTarget | string, url: string, host: string, identity: string) => {
    const kept = filter(url);
    if (!kept.keep) return ledger.add(asTarget(target), 'excluded', kept.rule);
    if (round === 0 && !seen.add(identity))
      return ledger.add(asTarget(target), 'duplicate', 'named before in this run');
    if (room <= 0) return ledger.add(asTarget(target), 'overBudget', `beyond ${String(targetsAllowed(task))} targets`);
    room--;
    return targets.add(host, typeof target === 'string' ? `{"url":"${target}"}` : JSON.stringify(target));
  };
  const take = (entry: Entry): Promise<void> | undefined => {
    if (typeof entry === 'string') return decide(entry, entry, plainHost(entry) ?? '', entry);
    if (entry.kind === 'bad') return ledger.add(entry, 'failed', entry.detail, entry.reason);
    const { target } = entry;
    const known = identify(target);
    if (known === undefined) return ledger.add(target, 'failed', 'not an http(s) URL', 'decode');
    return decide(target, known.url, known.host, known.identity);
  };
  for await (const some of await entriesOf(ports, run, tenant, task, round)) {
    for (const entry of Array.isArray(some) ? some : [some]) {
      const full = take(entry);
      if (full !== undefined) await full;
    }
  }
}

const asTarget = (target: PlannedTarget | string): PlannedTarget =>
  typeof target === 'string' ? { url: target } : target;

async function writeShards(
  ports: PlanPorts,
  run: RunRow,
  task: TaskSpec,
  round: number,
  targets: RoundTargets,
): Promise<Pick<RoundRow, 'shards' | 'targets' | 'streams' | 'workers'>> {
  const { names, counts } = targets;
  const { workersMax, streamSecondsMin: secondsMin } = ports;
  const streams = planStreams(await loadsOf(ports.pace, task.pace, names, counts), {
    workers: workersMax,
    concurrency: task.pace.concurrency,
    shardMax: ports.shardTargets ?? SHARD_TARGETS_MAX,
    ...(secondsMin !== undefined && { secondsMin }),
  });
  const writer = new ShardWriter(ports, run, task, round, streams, names);
  for await (const dealt of targets.deal(streams)) await writer.write(dealt);
  return { ...(await writer.finish()), workers: workersMax };
}

const targetsAllowed = (task: TaskSpec): number =>
  Math.min(task.limits.maxTargets, task.source.crawl?.maxTargets ?? Infinity);

/** Crawl seeds and the first page of a follow are named by hand: no glob keeps them out. */
function targetFilter(task: TaskSpec, round: number): Filter {
  if ((task.source.crawl && round === 0) || task.source.follow) return () => ({ keep: true });
  return compileFilter(task.source.include, task.source.exclude);
}

/** Makes the plan the round's plan. Undefined when the run was stopped meanwhile or a later planner has the epoch. */
async function commit(ports: PlanPorts, run: RunRow, round: RoundRow): Promise<RunRow | undefined> {
  if (round.round === 0 && round.targets === 0 && Object.keys(round.counts).length === 0)
    throw new SourceFailure('the source names no targets');
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'planned', epoch: run.planEpoch, round });
  if (!write.ok) {
    ports.log.warn('plan lost its epoch', { runId: run.runId, tenant: run.tenant, round: round.round });
    return undefined;
  }
  const detail = `round ${String(round.round)}: ${String(round.targets)} targets in ${String(round.shards)} shards`;
  await note(ports.table, run, ports.clock.now(), 'run.planned', detail, { ...round.counts });
  return write.run;
}

/** Back into the queue under the number of the next execution: this one ends nothing any more, the sweep starts that one. */
async function waitForOperator(ports: PlanPorts, run: RunRow, detail: string): Promise<void> {
  const { planEpoch: epoch, attempt } = run;
  const held = { heldBy: 'operator' } as const;
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'unplan', epoch, attempt, held });
  if (write.ok)
    await note(ports.table, run, ports.clock.now(), 'run.held', `the operator lets no request leave: ${detail}`);
}

async function refuse(ports: PlanPorts, run: RunRow, detail: string): Promise<void> {
  const error = { type: 'source', detail };
  await moveRun(ports, run.tenant, run.runId, { kind: 'unplannable', epoch: run.planEpoch, error });
  await note(ports.table, run, ports.clock.now(), 'run.unplannable', detail);
}
