/** Runs that the operator holds: new ones wait in their queue, running ones rest, and both go on by the sweep when they may. */
import { transition } from './run.ts';
import { runKey } from './names.ts';
import { sendOpen } from './send.ts';
import { moveRun, wakeIfDue } from './stop.ts';
import { allShards, note } from './store.ts';
import { holdsNewRuns, isStilled, type Switches } from './switches.ts';
import type { FlowPorts } from './flow.ts';
import type { Context } from './context.ts';
import type { RunRow } from './rows.ts';

type Ports = Pick<Context, 'table' | 'orchestrator' | 'clock'> & FlowPorts;

/** Does to a live run what the switches ask for. True when nothing else is to be done about it in this pass. */
export async function obey(ports: Ports, run: RunRow, switches: Switches): Promise<boolean> {
  const { tenant, state, heldBy } = run;
  if (state === 'QUEUED' && heldBy !== undefined) {
    if (!holdsNewRuns(switches, tenant)) await release(ports, run);
    return true;
  }
  const stilled = isStilled(switches, tenant);
  if (state === 'RUNNING' && stilled) {
    const at = ports.clock.now();
    const write = await moveRun(ports, tenant, run.runId, { kind: 'pause', at, heldBy: 'operator' });
    if (write.ok) await note(ports.table, run, at, 'run.held', 'the operator lets it rest');
    return true;
  }
  if (state === 'PAUSED' && heldBy !== undefined && !stilled) {
    await goOn(ports, run);
    return true;
  }
  return false;
}

/** Its time is counted from now on. */
async function release(ports: Ports, run: RunRow): Promise<void> {
  const now = ports.clock.now();
  const { change, condition } = transition({ kind: 'release', deadlineAt: now + (run.deadlineAt - run.createdAt) });
  const write = await ports.table.update(runKey(run.tenant, run.runId), change, condition);
  if (!write.ok) return;
  await note(ports.table, run, now, 'run.released', 'the operator lets it go');
  await ports.orchestrator.start(run.tenant, run.runId, run.attempt);
}

async function goOn(ports: Ports, run: Extract<RunRow, { state: 'PAUSED' }>): Promise<void> {
  const now = ports.clock.now();
  const { pausedAt } = run;
  const deadlineAt = run.deadlineAt + Math.max(0, now - pausedAt);
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'resume', pausedAt, deadlineAt });
  if (!write.ok) return;
  await note(ports.table, run, now, 'run.released', 'the operator lets it go on');
  await sendOpen(ports, write.run, allShards(ports.table, write.run));
  await wakeIfDue(ports, run.tenant, run.runId);
}
