/** Asking a run to end or to rest, and waking whoever waits for it: used by the API, by budgets and by the sweep. */
import { runKey } from './names.ts';
import { asRun, type RunRow } from './rows.ts';
import { transition, type RunEvent } from './run.ts';
import { isRoundDone, note, readRun } from './store.ts';
import type { Context } from './context.ts';

type Ports = Pick<Context, 'table' | 'orchestrator' | 'clock'>;

/**
 * Moves a live run to FINALIZING, from where no worker starts another request; `finish` ends it. A run that is over or
 * already ending is left as it is. Returns the run as it stands, undefined when there is none.
 */
export async function requestStop(
  ports: Ports,
  tenant: string,
  runId: string,
  reason: string,
): Promise<RunRow | undefined> {
  const write = await moveRun(ports, tenant, runId, { kind: 'stop', reason });
  const { run } = write;
  if (run?.state !== 'FINALIZING') return run;
  if (write.ok) await note(ports.table, run, ports.clock.now(), 'run.stopping', `asked to stop: ${reason}`);
  // Whoever asked first may have died before this.
  if (run.tokens !== undefined) await wake(ports, run.tokens, 'stopped');
  // Nothing carries a run that waits in line, or for the operator: an execution ends it.
  else if (run.waitsFor !== undefined || run.heldBy !== undefined)
    await ports.orchestrator.start(tenant, runId, run.attempt);
  return run;
}

/** Ends a run whose time is up as TIMED_OUT. False when it moved on meanwhile, or rests. */
export async function timeUp(ports: Pick<Ports, 'table' | 'clock'>, run: RunRow): Promise<boolean> {
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'timeUp', deadlineAt: run.deadlineAt });
  if (write.ok) await note(ports.table, run, ports.clock.now(), 'run.timeUp', 'its time is up');
  return write.ok;
}

/** One event of a run. When it does not fit the run's state, the run as it stands. */
export async function moveRun(
  ports: Pick<Ports, 'table'>,
  tenant: string,
  runId: string,
  event: RunEvent,
): Promise<{ ok: true; run: RunRow } | { ok: false; run: RunRow | undefined }> {
  const { change, condition } = transition(event);
  const write = await ports.table.update(runKey(tenant, runId), change, condition);
  if (write.ok) return { ok: true, run: asRun(write.item) };
  return { ok: false, run: write.item && asRun(write.item) };
}

/**
 * Wakes the state machine when what it waits for has come. Safe to call at any time by anyone: the rows decide, and a
 * token that nobody waits on is no error.
 */
export async function wakeIfDue(ports: Ports, tenant: string, runId: string): Promise<'woken' | 'gone' | 'notDue'> {
  const run = await readRun(ports.table, tenant, runId);
  if (run?.tokens === undefined || run.tokenRound === undefined) return 'notDue';
  if (run.state === 'FINALIZING') return wake(ports, run.tokens, 'stopped');
  const round = run.rounds[run.tokenRound];
  // What follows a round sends no requests, so a paused run may go on with it.
  const going = run.state === 'RUNNING' || run.state === 'PAUSED';
  if (!going || round === undefined || !(await isRoundDone(ports.table, run, round))) return 'notDue';
  return wake(ports, run.tokens, 'roundDone');
}

/** Answers every token: only one of them is still waited on, and nothing tells which. */
async function wake(ports: Ports, tokens: string[], outcome: 'roundDone' | 'stopped'): Promise<'woken' | 'gone'> {
  let answer: 'woken' | 'gone' = 'gone';
  for (const token of tokens) if ((await ports.orchestrator.wake(token, { outcome })) === 'woken') answer = 'woken';
  return answer;
}
