/** Starting runs: beside others of their task, instead of them, or after them. */
import { begin } from '../held.ts';
import { withDefaults, type Defaults } from '../defaults.ts';
import { METRICS } from '../metrics.ts';
import { RUN_SWEEP_MS } from '../limits.ts';
import { dueOf, runKey, runListPk, usageKey } from '../names.ts';
import { asItem, type RunRow } from '../rows.ts';
import { dropLock, takeLock, waitInLine } from '../run-lock.ts';
import { note, readConfig, readRun, readVersion } from '../store.ts';
import { holdsNewRuns } from '../switches.ts';
import { idOf, type IdPorts } from './ids.ts';
import { noTask, ok, refuse } from './outcome.ts';
import { viewRun } from './runs.ts';
import { createTask, forbidden, readHead, replaceTask, type TaskPorts } from './tasks.ts';
import type { Context } from '../context.ts';
import type { Caller, Overlap, Outcome, RunView, StartOptions } from '../operations.ts';
import type { TaskSpec } from '../task.ts';

export type StartPorts = IdPorts & Pick<Context, 'region' | 'switches' | 'table' | 'orchestrator' | 'meter'>;
/** A task that comes along is put as it would be by itself. */
type InlinePorts = StartPorts & TaskPorts;

export async function startRun(
  ports: StartPorts,
  caller: Caller,
  taskId: string,
  options: StartOptions = {},
): Promise<Outcome<RunView>> {
  const head = await readHead(ports, caller.tenant, taskId);
  if (head === undefined) return noTask(taskId);
  const written = await readVersion(ports.table, caller.tenant, taskId, head.version);
  const { task, configVersion } = await underDefaults(ports, caller.tenant, written);
  const no = await forbidden(ports, caller, task);
  return no ?? launch(ports, caller, task, { taskVersion: head.version, ...configVersion }, options);
}

/** A task of this name gets a new version when the document differs from its latest. */
export async function startInline(
  ports: InlinePorts,
  caller: Caller,
  task: TaskSpec,
  options: StartOptions = {},
): Promise<Outcome<RunView>> {
  const head = await readHead(ports, caller.tenant, task.name);
  const { given } = options;
  const stored = head && (await readVersion(ports.table, caller.tenant, task.name, head.version));
  const same = JSON.stringify(stored) === JSON.stringify({ task, given });
  if (head && same) return startRun(ports, caller, task.name, options);
  const put = head
    ? await replaceTask(ports, caller, task.name, task, undefined, given)
    : await createTask(ports, caller, task, undefined, given);
  return put.ok ? startRun(ports, caller, task.name, options) : put;
}

/** The task as a run that starts now does it, and the version of the defaults that make it so. */
async function underDefaults(
  ports: Pick<StartPorts, 'table'>,
  tenant: string,
  { task, given }: { task: TaskSpec; given?: string[] | undefined },
): Promise<{ task: TaskSpec; configVersion: Pick<RunRow, 'configVersion'> }> {
  const config = await readConfig(ports.table, tenant);
  if (config === undefined) return { task, configVersion: {} };
  const defaults = JSON.parse(config.config) as Defaults;
  return { task: withDefaults(task, given, defaults), configVersion: { configVersion: config.version } };
}

/** Lock first, then the row, then the execution: what dies in between is found by the sweep or by the next start. */
async function launch(
  ports: StartPorts,
  caller: Caller,
  task: TaskSpec,
  versions: Pick<RunRow, 'taskVersion' | 'configVersion'>,
  { overlap = task.schedule?.overlap ?? 'allow', once }: StartOptions,
): Promise<Outcome<RunView>> {
  const { tenant } = caller;
  const runId = idOf(ports, once);
  const before = once && (await readRun(ports.table, tenant, runId));
  if (before) return goOn(ports, before);
  const ref = { tenant, taskId: task.name, runId };
  const locking = overlap === 'allow' ? undefined : await takeLock(ports, ref);
  if (locking?.ok === false && overlap === 'skip') return isRunning(task.name, locking.holder);
  const turn = {
    ...(locking?.ok && { lock: locking.token }),
    ...(locking?.ok === false && { waitsFor: locking.holder }),
    ...(holdsNewRuns(await ports.switches.now(), tenant) && { heldBy: 'operator' as const }),
  };
  const run = { ...newRun(ports, tenant, runId, task, versions, overlap), ...turn };
  const write = await ports.table.put(asItem(run), { absent: 'pk' });
  if (!write.ok) {
    // The same request, tried twice at once: the other one has it.
    const other = await readRun(ports.table, tenant, runId);
    if (locking?.ok && other?.lock !== locking.token) await dropLock(ports, ref, locking.token);
    return other ? goOn(ports, other) : refuse(409, 'Changed meanwhile', `run ${runId} is being started elsewhere`);
  }
  const detail = `task ${task.name} version ${String(versions.taskVersion)}`;
  await note(
    ports.table,
    run,
    run.createdAt,
    'run.created',
    `${detail}${run.waitsFor === undefined ? '' : `, waits for run ${run.waitsFor}`}${run.heldBy === undefined ? '' : ', waits for the operator'}`,
  );
  const { maxCostUsd } = task.limits;
  if (maxCostUsd !== null)
    await ports.table.put(asItem({ ...usageKey(tenant, runId), kind: 'usage', tenant, maxCostUsd }));
  ports.meter.count(METRICS.runsStarted, 1);
  return goOn(ports, run);
}

const isRunning = (taskId: string, holder: string) =>
  refuse(
    409,
    'Already running',
    holder === ''
      ? `task ${taskId} is being started or ended elsewhere: try again`
      : `run ${holder} of task ${taskId} is not over, and its runs do not overlap`,
  );

/** Starts what is queued; repeating it starts nothing twice. */
async function goOn(ports: StartPorts, run: RunRow): Promise<Outcome<RunView>> {
  if (run.state === 'QUEUED' && run.waitsFor !== undefined) await waitInLine(ports, run);
  else if (run.state === 'QUEUED' && run.heldBy === undefined) await begin(ports, run);
  return ok(await viewRun(ports, (await readRun(ports.table, run.tenant, run.runId)) ?? run));
}

function newRun(
  ports: StartPorts,
  tenant: string,
  runId: string,
  task: TaskSpec,
  versions: Pick<RunRow, 'taskVersion' | 'configVersion'>,
  overlap: Overlap,
): RunRow {
  const now = ports.clock.now();
  return {
    ...runKey(tenant, runId),
    kind: 'run',
    tenant,
    runId,
    taskId: task.name,
    ...versions,
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
    ...(task.priority !== 'normal' && { priority: task.priority }),
    ...(overlap !== 'allow' && { overlap }),
    listPk: runListPk(tenant),
    listSk: runId,
    duePk: dueOf({ region: ports.region, runId }),
    dueAt: now + RUN_SWEEP_MS,
  };
}
