/**
 * `sweep`: finds what waits in vain and sends it on: shards whose lease ran out or whose message got lost, rounds that are
 * done while nobody answered the token, runs whose execution is gone. Bounded work per pass, by the sparse index of due
 * rows; every act is conditional, so two sweeps at once do no harm.
 */
import { METRICS } from '../metrics.ts';
import { RUN_SWEEP_MS, SHARD_LOST_MS, SHARD_LOST_MS_MAX, SWEEP_ITEMS_MAX } from '../limits.ts';
import { tellAlert } from '../alerts/incident.ts';
import { judgeRunning, tellRun } from '../alerts/run-news.ts';
import { buryDeadMessages } from '../dead-letters.ts';
import { mayBegin, obey } from '../held.ts';
import { duePartitions, planPrefix } from '../names.ts';
import { asAlert, asRun, asSchedule, asShard, asTask, type RunRow, type ScheduleRow, type ShardRow } from '../rows.ts';
import { isEnded } from '../run.ts';
import { waitInLine } from '../run-lock.ts';
import { seeToDue, type DuePorts } from '../schedule/due.ts';
import { patienceMs, placeSchedule } from '../schedule/place.ts';
import { settle } from '../settle.ts';
import { moveRun, timeUp, wakeIfDue } from '../stop.ts';
import { note, readRun } from '../store.ts';
import type { Context } from '../context.ts';
import type { Key } from '../ports.ts';

type Ports = Pick<Context, 'objects' | 'queue' | 'deadMessages' | 'schedules' | 'switches' | 'workersMax'> & DuePorts;
export interface SweepAnswer {
  shardsResent: number;
  runsWoken: number;
  runsRestarted: number;
  /** Runs that have ended and have nothing left to be done. */
  runsSettled: number;
  /** Scheduled runs that nobody had called for. */
  runsLate: number;
  deadMessages: number;
  /** Items that this pass could not handle. */
  failures: number;
}

export async function sweep(ports: Ports): Promise<SweepAnswer> {
  const answer: SweepAnswer = {
    shardsResent: 0,
    runsWoken: 0,
    runsRestarted: 0,
    runsSettled: 0,
    runsLate: 0,
    deadMessages: 0,
    failures: 0,
  };
  for (const pk of duePartitions(ports.region)) {
    const due = await attempted(ports, answer, { pk }, () => ports.table.due(pk, ports.clock.now(), SWEEP_ITEMS_MAX));
    for (const { pk, sk } of due ?? [])
      await attempted(ports, answer, { pk, sk }, () => sweepItem(ports, { pk, sk }, answer));
  }
  const buried = await attempted(ports, answer, { queue: 'dead letters' }, () => buryDeadMessages(ports));
  answer.deadMessages = buried ?? 0;
  ports.meter.count(METRICS.sweepResent, answer.shardsResent);
  ports.meter.count(METRICS.sweepWoken, answer.runsWoken);
  ports.meter.count(METRICS.runsLate, answer.runsLate);
  ports.meter.count(METRICS.sweepFailures, answer.failures);
  ports.meter.count(METRICS.deadLetters, answer.deadMessages);
  return answer;
}

/** Trouble with one item is no reason to leave the others: it stays due, and the next pass meets it again. */
async function attempted<T>(
  ports: Ports,
  answer: SweepAnswer,
  what: Record<string, string>,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    answer.failures++;
    ports.log.error('sweep could not mend', { ...what, error: String(error) });
    return undefined;
  }
}

async function sweepItem(ports: Ports, key: Key, answer: SweepAnswer): Promise<void> {
  const item = await ports.table.get(key);
  // The index is a moment behind: the row itself decides.
  if (item === undefined || typeof item.dueAt !== 'number' || item.dueAt > ports.clock.now()) return;
  if (item.kind === 'shard') answer.shardsResent += await sweepShard(ports, asShard(item));
  else if (item.kind === 'run') await sweepRun(ports, asRun(item), answer);
  else if (item.kind === 'schedule') answer.runsLate += await sweepSchedule(ports, asSchedule(item));
  else if (item.kind === 'alert') await tellAlert(ports, asAlert(item));
  else if (item.kind === 'task') await placeSchedule(ports, asTask(item).tenant, asTask(item).taskId);
}

async function sweepShard(ports: Ports, shard: ShardRow): Promise<number> {
  const run = await readRun(ports.table, shard.tenant, shard.runId);
  const named = run?.rounds.some((round) => shard.sk.startsWith(planPrefix(round.round, round.plan))) ?? false;
  if (run === undefined || isEnded(run.state) || (!named && run.state !== 'PLANNING')) {
    await ports.table.update(keyOf(shard), { remove: ['duePk', 'dueAt'] }, { eq: ['dueAt', shard.dueAt ?? 0] });
    return 0;
  }
  const wait = Math.min(SHARD_LOST_MS * 2 ** shard.resent, SHARD_LOST_MS_MAX);
  // A run that rests sends nothing, and that is no sign of a long queue.
  const resent = run.state === 'RUNNING' ? shard.resent + 1 : shard.resent;
  const set = { dueAt: ports.clock.now() + wait, resent };
  const mine = await ports.table.update(keyOf(shard), { set }, { eq: ['dueAt', shard.dueAt ?? 0] });
  if (!mine.ok || run.state !== 'RUNNING') return 0;
  const { tenant, runId, shardId } = shard;
  await ports.queue.send([{ v: 1, tenant, runId, shardId }]);
  ports.log.info('shard sent again', { tenant, runId, shardId, was: shard.state });
  return 1;
}

/** Runs that are due and that nobody has called for. Whoever should have called is told again. */
async function sweepSchedule(ports: Ports, row: ScheduleRow): Promise<number> {
  const { started, skipped, missed } = await seeToDue(ports, row, ports.clock.now() - patienceMs(row.spec));
  if (started.length + skipped + missed > 0) await placeSchedule(ports, row.tenant, row.taskId, true);
  return started.length;
}

const keyOf = ({ pk, sk }: Key): Key => ({ pk, sk });

async function sweepRun(ports: Ports, run: RunRow, answer: SweepAnswer): Promise<void> {
  const { tenant, runId } = run;
  // Whoever moves the due time on has the run for this pass.
  const next = { set: { dueAt: ports.clock.now() + RUN_SWEEP_MS } };
  const mine = await ports.table.update(keyOf(run), next, { eq: ['dueAt', run.dueAt ?? 0] });
  if (!mine.ok) return;
  if (isEnded(run.state)) {
    if (await settle(ports, run)) answer.runsSettled++;
    return;
  }
  await tellRun(ports, run);
  await judgeRunning(ports, run);
  if (await obey(ports, run, await ports.switches.now())) return;
  if (run.state === 'QUEUED' && run.waitsFor !== undefined) return waitInLine(ports, run);
  const late = run.deadlineAt + RUN_SWEEP_MS < ports.clock.now();
  if (late && (run.state === 'RUNNING' || run.state === 'PLANNING')) await timeUp(ports, run);
  if ((await ports.orchestrator.status(tenant, runId, run.attempt)) === 'running') {
    if ((await wakeIfDue(ports, tenant, runId)) === 'woken') answer.runsWoken++;
    return;
  }
  if (run.state === 'QUEUED' && !(await mayBegin(ports, run))) return;
  const attempt = run.attempt + 1;
  const claimed = await moveRun(ports, tenant, runId, { kind: 'restart', attempt });
  if (!claimed.ok) return;
  await ports.orchestrator.start(tenant, runId, attempt);
  await note(
    ports.table,
    run,
    ports.clock.now(),
    'run.restarted',
    `its execution was gone: started again (${String(attempt)})`,
  );
  answer.runsRestarted++;
}
