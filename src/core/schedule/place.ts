/**
 * A task's schedule stands in three places: the version that says it, the row that due runs are judged by, and the outside
 * that calls when it is time. The task's head is written first and marked as due; this brings the other two in line with it
 * and takes the mark away. Whoever dies on the way is followed by the sweep, and whatever is left outside by somebody who
 * came too late is harmless: the row decides.
 */
import { DUE_GRACE_MS } from '../limits.ts';
import { dueOfTask, scheduleKey, taskKey } from '../names.ts';
import { asAttr, asItem, asSchedule, asTask, type ScheduleRow, type TaskRow } from '../rows.ts';
import { readTask } from '../store.ts';
import { dueAfter, rhythmOf } from './rhythm.ts';
import type { Context } from '../context.ts';
import type { Condition } from '../ports.ts';
import type { ScheduleSpec } from '../task.ts';

type Ports = Pick<Context, 'region' | 'table' | 'clock' | 'schedules'>;

export async function readSchedule(
  ports: Pick<Ports, 'table'>,
  tenant: string,
  taskId: string,
): Promise<ScheduleRow | undefined> {
  const item = await ports.table.get(scheduleKey(tenant, taskId));
  return item && asSchedule(item);
}

/** @param anew tells the outside even what it was told before: it has been found not to call. */
export async function placeSchedule(ports: Ports, tenant: string, taskId: string, anew = false): Promise<void> {
  for (;;) {
    const item = await ports.table.get(taskKey(tenant, taskId));
    if (item === undefined) return;
    const head = asTask(item);
    const spec =
      head.scheduled && !head.deleted
        ? (await readTask(ports.table, tenant, taskId, head.version)).schedule
        : undefined;
    if (spec === undefined) await takeAway(ports, head);
    else await putUp(ports, head, spec, anew);
    // A later version has its own mark, and may have been overtaken by what was just told: once more for that one.
    const still: Condition[] = [{ eq: ['version', head.version] }, head.deleted ? { present: 'deleted' } : { absent: 'deleted' }]; // prettier-ignore
    const write = await ports.table.update(taskKey(tenant, taskId), { remove: ['duePk', 'dueAt'] }, { all: still });
    if (write.ok) return;
  }
}

async function takeAway(ports: Ports, { tenant, taskId, version }: TaskRow): Promise<void> {
  const { ok } = await ports.table.delete(scheduleKey(tenant, taskId), {
    any: [{ absent: 'pk' }, { le: ['version', version] }],
  });
  if (ok) await ports.schedules.remove(tenant, taskId);
}

async function putUp(ports: Ports, head: TaskRow, spec: ScheduleSpec, anew: boolean): Promise<void> {
  const { tenant, taskId, version } = head;
  const key = scheduleKey(tenant, taskId);
  const old = await readSchedule(ports, tenant, taskId);
  if (old !== undefined && old.version > version) return;
  const row = followed(ports, head, spec, old);
  const unchanged: Condition = old ? { all: [{ eq: ['version', old.version] }, { eq: ['doneTo', old.doneTo] }] } : { absent: 'pk' }; // prettier-ignore
  // Lost to another placing, or to a run that came due: the caller looks again.
  const write = await ports.table.put(asItem({ ...row, spec: asAttr(spec) as never }), unchanged);
  if (!write.ok) return putUp(ports, head, spec, anew);
  if (row.placed && !anew) return;
  const now = ports.clock.now();
  await ports.schedules.put(tenant, taskId, spec, dueAfter(rhythmOf(spec, row.since), now));
  await ports.table.update(key, { set: { placed: true } }, { eq: ['version', version] });
}

/** The row of this version, given the one before: a change that leaves the times alone leaves what was seen to alone. */
function followed(ports: Ports, head: TaskRow, spec: ScheduleSpec, old: ScheduleRow | undefined): ScheduleRow {
  const { tenant, taskId, version } = head;
  const now = ports.clock.now();
  // What calls knows no finer time.
  const since = Math.floor(now / 60_000) * 60_000;
  const base = { ...scheduleKey(tenant, taskId), kind: 'schedule' as const, tenant, taskId, version, spec };
  const duePk = dueOfTask(ports.region, tenant, taskId);
  const dueAt = (since: number, doneTo: number): number => overdueAt(spec, dueAfter(rhythmOf(spec, since), doneTo));
  if (old === undefined || timesOf(old.spec) !== timesOf(spec))
    return { ...base, since, doneTo: now, placed: false, missed: 0, duePk, dueAt: dueAt(since, now) };
  const same = (old.spec.jitterMinutes ?? 0) === (spec.jitterMinutes ?? 0);
  return { ...old, ...base, placed: old.placed && same, dueAt: dueAt(old.since, old.doneTo) };
}

const timesOf = ({ cron, every, timezone }: ScheduleSpec): string => JSON.stringify([cron, every, timezone]);

/** From when on the sweep sees to a run that was due at `dueAt` and that nobody has called for. */
export const overdueAt = (spec: ScheduleSpec, dueAt: number): number => dueAt + patienceMs(spec);
export const patienceMs = ({ jitterMinutes = 0 }: ScheduleSpec): number => DUE_GRACE_MS + jitterMinutes * 60_000;
