/** What people and programs do to a run: stop it, let it rest, go on, try its failed targets again. */
import { begin } from '../held.ts';
import { ROUNDS_MAX, RUN_SWEEP_MS } from '../limits.ts';
import { tellRun } from '../alerts/run-news.ts';
import { dueOf, isRunId } from '../names.ts';
import { totalsOf } from '../progress.ts';
import { isEnded, type Redriving } from '../run.ts';
import { dropLock, takeLock } from '../run-lock.ts';
import { sendOpen } from '../send.ts';
import { moveRun, requestStop, wakeIfDue } from '../stop.ts';
import { allShards, note, taskOfRun } from '../store.ts';
import { noRun, ok, refuse } from './outcome.ts';
import { findRun, viewRun } from './runs.ts';
import type { Context } from '../context.ts';
import type { Caller, Once, Outcome, RunView } from '../operations.ts';
import type { RunRow } from '../rows.ts';

export type ControlPorts = Pick<Context, 'region' | 'table' | 'queue' | 'workersMax' | 'orchestrator' | 'clock'>;

/** Answers once no worker will start another request than those of the next moments; the run ends a little later. */
export async function stopRun(ports: ControlPorts, caller: Caller, runId: string): Promise<Outcome<RunView>> {
  if (!isRunId(runId)) return noRun(runId);
  const run = await requestStop(ports, caller.tenant, runId, 'user');
  return run ? ok(await viewRun(ports, run)) : noRun(runId);
}

export async function pauseRun(ports: ControlPorts, caller: Caller, runId: string): Promise<Outcome<RunView>> {
  if (!isRunId(runId)) return noRun(runId);
  const write = await moveRun(ports, caller.tenant, runId, { kind: 'pause', at: ports.clock.now() });
  if (write.run === undefined) return noRun(runId);
  const { run } = write;
  if (!write.ok && run.state !== 'PAUSED') return cannot('paused', run, 'only a run that is RUNNING can be');
  if (write.ok) await note(ports.table, run, ports.clock.now(), 'run.paused', 'asked to rest');
  await tellRun(ports, run);
  return ok(await viewRun(ports, run));
}

export async function resumeRun(ports: ControlPorts, caller: Caller, runId: string): Promise<Outcome<RunView>> {
  const paused = await findRun(ports, caller, runId);
  if (paused === undefined) return noRun(runId);
  if (paused.state === 'PAUSED') {
    const now = ports.clock.now();
    const { pausedAt } = paused;
    const deadlineAt = paused.deadlineAt + Math.max(0, now - pausedAt);
    const write = await moveRun(ports, caller.tenant, runId, { kind: 'resume', pausedAt, deadlineAt });
    if (write.ok)
      await note(ports.table, paused, now, 'run.resumed', `after ${String(Math.round((now - pausedAt) / 1000))} s`);
  }
  const run = await findRun(ports, caller, runId);
  if (run?.state !== 'RUNNING') return run ? cannot('resumed', run, 'only a run that is PAUSED can be') : noRun(runId);
  // Again for a run that goes already: a resume that died half-way is mended by repeating it.
  await sendOpen(ports, run, allShards(ports.table, run));
  await wakeIfDue(ports, caller.tenant, runId);
  return ok(await viewRun(ports, run));
}

const cannot = (verb: string, run: RunRow, why: string) =>
  refuse(409, 'Not in this state', `run ${run.runId} is ${run.state} and cannot be ${verb}: ${why}`);

export async function redriveRun(
  ports: ControlPorts,
  caller: Caller,
  runId: string,
  once?: Once,
): Promise<Outcome<RunView>> {
  const run = await findRun(ports, caller, runId);
  if (run === undefined) return noRun(runId);
  const redriven = await redrive(ports, run, { all: true }, once);
  return redriven.ok ? ok(await viewRun(ports, redriven.value)) : redriven;
}

/** Sends an ended run once more through its failed targets, or through those that are named. */
export async function redrive(
  ports: ControlPorts,
  run: RunRow,
  redriving: Redriving,
  once?: Once,
): Promise<Outcome<RunRow>> {
  const { tenant, runId, taskId } = run;
  if (once !== undefined && run.redrivenBy === once.seed) return start(ports, run);
  const no = await unfit(ports, run);
  if (no) return no;
  const ref = { tenant, taskId, runId };
  const locking = run.overlap === undefined ? undefined : await takeLock(ports, ref, 'anew');
  if (locking?.ok === false)
    return refuse(
      409,
      'Already running',
      `run ${locking.holder} of task ${taskId} is not over, and its runs do not overlap`,
    );
  const task = await taskOfRun(ports.table, run);
  const now = ports.clock.now();
  const write = await moveRun(ports, tenant, runId, {
    kind: 'redrive',
    era: run.redrives ?? 0,
    deadlineAt: now + task.limits.maxMinutes * 60_000,
    due: { duePk: dueOf(run), dueAt: now + RUN_SWEEP_MS },
    redriving,
    ...(locking && { lock: locking.token }),
    ...(once && { once: once.seed }),
  });
  if (!write.ok) {
    if (locking) await dropLock(ports, ref, locking.token);
    if (once !== undefined && write.run?.redrivenBy === once.seed) return start(ports, write.run);
    return refuse(409, 'Changed meanwhile', `run ${runId} was redriven by another request at the same time`);
  }
  await note(ports.table, run, now, 'run.redriven', 'its failed targets are tried again');
  return start(ports, write.run);
}

async function start(ports: ControlPorts, run: RunRow): Promise<Outcome<RunRow>> {
  if (run.state === 'QUEUED' && run.heldBy === undefined) await begin(ports, run);
  return ok(run);
}

/** Why a run has nothing to try again. */
async function unfit(ports: ControlPorts, run: RunRow): Promise<ReturnType<typeof refuse> | undefined> {
  if (!isEnded(run.state)) return cannot('redriven', run, 'only a run that has ended can be');
  if (run.roundCount > ROUNDS_MAX)
    return refuse(
      409,
      'Too many rounds',
      `run ${run.runId} has had ${String(run.roundCount)} rounds, the most that one run may have`,
    );
  const { counts } = await totalsOf({ ...run, rounds: [] }, allShards(ports.table, run));
  if ((counts.failed ?? 0) > 0) return undefined;
  const says = 'no target of it failed after it was planned; what planning itself ended is not tried again';
  return refuse(409, 'Nothing to redrive', `run ${run.runId}: ${says}`);
}
