/**
 * What there is to tell and to judge of a run, from its row: by whoever brought it there, and by the sweep for what was cut
 * short. What has been told stands in the row, so that a run that is looked at every minute is told of once.
 */
import { healthKey, runKey } from '../names.ts';
import { progressOf, totalsOf } from '../progress.ts';
import { asHealth, asItem, type HealthRow, type RunRow } from '../rows.ts';
import { isEnded } from '../run.ts';
import { allShards, taskOfRun } from '../store.ts';
import { judge } from './incident.ts';
import { putNotice, type EventType } from './notice.ts';
import { verdictsOf } from './rules.ts';
import type { Context } from '../context.ts';
import type { JsonObject } from '../json.ts';
import type { AlertsSpec, TaskSpec } from '../task.ts';

type Ports = Pick<Context, 'region' | 'table' | 'clock'>;

interface News {
  /** What of the run this is, as its row notes it. */
  key: string;
  type: EventType;
  at: number;
}

function newsOf(run: RunRow): News[] {
  const era = run.redrives ?? 0;
  const news: News[] = [];
  if (run.startedAt !== undefined) news.push({ key: 'started', type: 'gleaner.run.started', at: run.startedAt });
  if (run.pausedAt !== undefined)
    news.push({ key: `paused-${String(run.pausedAt)}`, type: 'gleaner.run.paused', at: run.pausedAt });
  if (isEnded(run.state)) {
    const type = run.state === 'STOPPED' ? 'gleaner.run.stopped' : 'gleaner.run.finished';
    news.push({ key: `ended-${String(era)}`, type, at: run.finishedAt ?? 0 });
  }
  return news.filter(({ key }) => !(run.told ?? []).includes(key));
}

/** Tells what has not been told, and judges a run that has ended. May be repeated at any point. */
export async function tellRun(ports: Ports, run: RunRow): Promise<void> {
  const news = newsOf(run);
  if (news.length === 0) return;
  const task = await taskOfRun(ports.table, run);
  const notify = task.alerts?.notify ?? [];
  const hasEnded = news.some(({ key }) => key.startsWith('ended'));
  const progress = hasEnded
    ? progressOf(await totalsOf(run, allShards(ports.table, run)), run.duplicateRecords)
    : undefined;
  if (progress !== undefined && task.alerts !== undefined) await judgeRun(ports, run, task, progress);
  for (const { key, type, at } of news) {
    const data: JsonObject = {
      runId: run.runId,
      taskId: run.taskId,
      taskVersion: run.taskVersion,
      state: type === 'gleaner.run.started' ? 'PLANNING' : run.state,
      ...(run.stopReason !== undefined && key.startsWith('ended') && { stopReason: run.stopReason }),
      ...(key.startsWith('ended') && progress && { progress: { ...progress } }),
    };
    const happening = { tenant: run.tenant, id: `${run.runId}-${key}`, type, subject: `runs/${run.runId}`, at, data };
    await putNotice(ports, happening, notify);
  }
  await ports.table.update(runKey(run.tenant, run.runId), { append: { told: news.map(({ key }) => key) } });
}

async function judgeRun(
  ports: Ports,
  run: RunRow,
  { alerts }: TaskSpec,
  progress: ReturnType<typeof progressOf>,
): Promise<void> {
  // Somebody wanted it to end early: that tells nothing of the task.
  if (alerts === undefined || !isEnded(run.state) || run.stopReason === 'user') return;
  const { tenant, taskId, runId, finishedAt = 0 } = run;
  const answered = progress.collected + progress.unmodified + progress.failed;
  const unextracted = run.unextracted === undefined ? undefined : answered === 0 ? 0 : run.unextracted / answered;
  const before = unextracted === undefined ? undefined : await sharesOf(ports, run, unextracted);
  const verdicts = verdictsOf(alerts, {
    state: run.state,
    progress,
    minutes: (finishedAt - (run.startedAt ?? finishedAt)) / 60_000,
    ...(unextracted !== undefined && { unextracted }),
    ...(before !== undefined && { unextractedBefore: before }),
  });
  for (const verdict of verdicts)
    await judge(ports, { ...verdict, tenant, taskId, runId, at: finishedAt }, () => Promise.resolve(alerts.notify));
}

/** Notes the share of this run and gives that of the one before it, the same however often it is asked. */
async function sharesOf(ports: Ports, run: RunRow, share: number): Promise<number | undefined> {
  const key = healthKey(run.tenant, run.taskId);
  const item = await ports.table.get(key);
  const old = item && asHealth(item);
  if (old?.runId === run.runId) return old.before;
  const { finishedAt = 0, runId } = run;
  if (old !== undefined && old.at >= finishedAt) return old.share;
  const row: HealthRow = { ...key, kind: 'health', runId, at: finishedAt, share, ...(old && { before: old.share }) };
  await ports.table.put(asItem(row), old ? { lt: ['at', finishedAt] } : { absent: 'pk' });
  return old?.share;
}

/** A run that is still going on and has been for longer than its task wants. Called by the sweep, once a minute. */
export async function judgeRunning(ports: Ports, run: RunRow): Promise<void> {
  const { startedAt, tenant, taskId, runId } = run;
  if (startedAt === undefined || isEnded(run.state) || run.told?.includes('slow')) return;
  const { alerts } = await taskOfRun(ports.table, run);
  const now = ports.clock.now();
  const minutes = (now - startedAt) / 60_000;
  if (alerts?.maxMinutes === undefined || minutes <= alerts.maxMinutes || run.state === 'PAUSED') return;
  const limit = alerts.maxMinutes;
  const detail = `it has been running for ${String(Math.round(minutes))} minutes`;
  const verdict = { rule: 'maxMinutes' as const, ok: false, value: Math.round(minutes), limit, detail };
  await judge(ports, { ...verdict, tenant, taskId, runId, at: now }, () => Promise.resolve(alerts.notify));
  await ports.table.update(runKey(tenant, runId), { append: { told: ['slow'] } });
}

/** Due runs that were not started, or at last were. */
export async function judgeDue(
  ports: Ports,
  { tenant, taskId, missed, started }: { tenant: string; taskId: string; missed: number; started: number },
  notifyOf: () => Promise<AlertsSpec['notify']>,
): Promise<void> {
  if (missed === 0 && started === 0) return;
  const ok = missed === 0;
  const detail = `${String(missed)} due runs could not be started in time`;
  const verdict = { rule: 'missedRun' as const, ok, value: missed, limit: 0, detail };
  await judge(ports, { ...verdict, tenant, taskId, at: ports.clock.now() }, notifyOf);
}
