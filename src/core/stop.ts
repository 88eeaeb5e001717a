/** Asking a run to end, and waking whoever waits for it: used by the API, by budgets and by the sweep. */
import { runKey } from './names.ts';
import { asRun, type RunRow } from './rows.ts';
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
  const write = await ports.table.update(
    runKey(tenant, runId),
    { set: { state: 'FINALIZING', stopReason: reason } },
    { in: ['state', ['QUEUED', 'PLANNING', 'RUNNING', 'PAUSED']] },
  );
  if (!write.ok) return write.item && asRun(write.item);
  const run = asRun(write.item);
  await note(ports.table, run, ports.clock.now(), 'run.stopping', `asked to stop: ${reason}`);
  if (run.token !== undefined) await ports.orchestrator.wake(run.token, { outcome: 'stopped' });
  return run;
}

/**
 * Wakes the state machine when what it waits for has come. Safe to call at any time by anyone: the rows decide, and a
 * token that nobody waits on is no error.
 */
export async function wakeIfDue(ports: Ports, tenant: string, runId: string): Promise<'woken' | 'gone' | 'notDue'> {
  const run = await readRun(ports.table, tenant, runId);
  if (run?.token === undefined || run.tokenRound === undefined) return 'notDue';
  if (run.state === 'FINALIZING') return ports.orchestrator.wake(run.token, { outcome: 'stopped' });
  const round = run.rounds[run.tokenRound];
  if (run.state !== 'RUNNING' || round === undefined || !(await isRoundDone(ports.table, run, round))) return 'notDue';
  return ports.orchestrator.wake(run.token, { outcome: 'roundDone' });
}
