/**
 * Runs that wait or rest though nobody has asked them to: because of a switch of the operator's, or of a quota. New ones wait
 * in their queue, running ones rest, and both go on by the sweep when they may.
 */
import { admit, spentQuota } from './quota-gate.ts';
import { quotasOf, type QuotaName } from './quotas.ts';
import { sendOpen } from './send.ts';
import { moveRun, wakeIfDue } from './stop.ts';
import { allShards, note, readTenant } from './store.ts';
import { holdsNewRuns, isStilled, type Switches } from './switches.ts';
import type { Held } from './run.ts';
import type { FlowPorts } from './flow.ts';
import type { Context } from './context.ts';
import type { RunRow } from './rows.ts';

type BeginPorts = Pick<Context, 'table' | 'orchestrator' | 'clock'>;
type Ports = BeginPorts & FlowPorts;

/** Starts a run that is QUEUED and waits for nobody, or holds it for a quota. Repeating it starts nothing twice. */
export async function begin(ports: BeginPorts, run: RunRow): Promise<void> {
  const { tenant, runId, attempt } = run;
  if (!(await mayBegin(ports, run))) return;
  await ports.orchestrator.start(tenant, runId, attempt);
}

/** False when a quota holds it: the run says which from now on. */
export async function mayBegin(ports: Pick<BeginPorts, 'table' | 'clock'>, run: RunRow): Promise<boolean> {
  const quota = await admit(ports, await readTenant(ports.table, run.tenant), run);
  if (quota === undefined) return true;
  if (run.quota !== quota) await hold(ports, run, quota);
  return false;
}

async function hold(ports: Pick<BeginPorts, 'table' | 'clock'>, run: RunRow, quota: QuotaName): Promise<void> {
  const held: Held = { heldBy: 'quota', quota };
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'hold', held });
  if (write.ok) await note(ports.table, run, ports.clock.now(), 'run.held', await whyHeld(ports, run.tenant, quota));
}

async function whyHeld(ports: Pick<BeginPorts, 'table'>, tenant: string, quota: QuotaName): Promise<string> {
  const most = quotasOf(await readTenant(ports.table, tenant))[quota];
  return `the quota ${quota} (${most === null ? 'none' : most.toLocaleString('en-US')}) is used up`;
}

/** Does to a live run what switches and quotas ask for. True when nothing else is to be done about it in this pass. */
export async function obey(ports: Ports, run: RunRow, switches: Switches): Promise<boolean> {
  const { tenant, state, heldBy } = run;
  if (state === 'QUEUED' && heldBy !== undefined) {
    if (!holdsNewRuns(switches, tenant) && (await mayBegin(ports, run))) await release(ports, run);
    return true;
  }
  if (state !== 'RUNNING' && (state !== 'PAUSED' || heldBy === undefined)) return false;
  const held = await heldNow(ports, run, switches);
  if (state === 'PAUSED') {
    if (held === undefined) await goOn(ports, run);
    return held === undefined;
  }
  if (held === undefined) return false;
  const at = ports.clock.now();
  const write = await moveRun(ports, tenant, run.runId, { kind: 'pause', at, held });
  const why = held.heldBy === 'quota' ? await whyHeld(ports, tenant, held.quota) : restsFor(switches);
  if (write.ok) await note(ports.table, run, at, 'run.held', why);
  return true;
}

const restsFor = ({ cacheOnly }: Switches): string =>
  cacheOnly ? 'the operator lets no request leave (cacheOnly)' : 'the operator lets it rest';

async function heldNow(ports: Ports, { tenant }: RunRow, switches: Switches): Promise<Held | undefined> {
  if (isStilled(switches, tenant)) return { heldBy: 'operator' };
  const quota = await spentQuota(ports, await readTenant(ports.table, tenant));
  return quota && { heldBy: 'quota', quota };
}

/** Its time is counted from now on. */
async function release(ports: Ports, run: RunRow): Promise<void> {
  const now = ports.clock.now();
  const deadlineAt = now + (run.deadlineAt - run.createdAt);
  if (!(await moveRun(ports, run.tenant, run.runId, { kind: 'release', deadlineAt })).ok) return;
  await note(ports.table, run, now, 'run.released', 'nothing holds it any more');
  await ports.orchestrator.start(run.tenant, run.runId, run.attempt);
}

async function goOn(ports: Ports, run: Extract<RunRow, { state: 'PAUSED' }>): Promise<void> {
  const now = ports.clock.now();
  const { pausedAt } = run;
  const deadlineAt = run.deadlineAt + Math.max(0, now - pausedAt);
  const write = await moveRun(ports, run.tenant, run.runId, { kind: 'resume', pausedAt, deadlineAt });
  if (!write.ok) return;
  await note(ports.table, run, now, 'run.released', 'nothing holds it any more');
  await sendOpen(ports, write.run, allShards(ports.table, write.run));
  await wakeIfDue(ports, run.tenant, run.runId);
}
