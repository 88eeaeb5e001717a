/**
 * Runs that are due. Whoever calls, Scheduler in time and perhaps twice, or the sweep because it did not: every due time is
 * seen to in order, once, and the run that is started for it has its id from it. So a call says when to look, never what is true.
 */
import { DUE_LATE_MS, DUE_MISSED_MAX, DUE_STARTS_MAX } from '../limits.ts';
import { METRICS } from '../metrics.ts';
import { dueSeed, scheduleKey } from '../names.ts';
import { asAttr, asSchedule, type DueOutcome, type ScheduleRow } from '../rows.ts';
import { isLocked } from '../run-lock.ts';
import { readTask } from '../store.ts';
import { judgeDue } from '../alerts/run-news.ts';
import { startRun, type StartPorts } from '../service/start.ts';
import { overdueAt } from './place.ts';
import { dueAfter, rhythmOf, type Rhythm } from './rhythm.ts';
import type { Context } from '../context.ts';
import type { Change } from '../ports.ts';

export type DuePorts = StartPorts & Pick<Context, 'log'>;
export interface SeenTo {
  started: string[];
  /** Another run of the task was going on. */
  skipped: number;
  /** Could not be started, now or ever. */
  refused: number;
  missed: number;
}

/** Sees to everything that is due up to `untilMs`; bounded, what is left stays due. Throws when a run cannot be started now. */
export async function seeToDue(ports: DuePorts, found: ScheduleRow, untilMs: number): Promise<SeenTo> {
  const rhythm = rhythmOf(found.spec, found.since);
  const seen: SeenTo = { started: [], skipped: 0, refused: 0, missed: 0 };
  let row = await passOver(ports, found, rhythm, Math.min(untilMs, ports.clock.now() - DUE_LATE_MS), seen);
  for (let left = DUE_STARTS_MAX; row !== undefined && left > 0; left--) {
    const at = dueAfter(rhythm, row.doneTo);
    if (at > untilMs) break;
    const last = await startDue(ports, row, at);
    row = await advance(ports, row, rhythm, at, { last: asAttr(last) });
    if (last.what === 'started') seen.started.push(last.runId);
    else if (last.what === 'skipped') seen.skipped++;
    else seen.refused++;
  }
  ports.meter.count(METRICS.runsDue, seen.started.length);
  ports.meter.count(METRICS.runsMissed, seen.missed + seen.refused);
  const { tenant, taskId } = found;
  const lost = { tenant, taskId, missed: seen.missed + seen.refused, started: seen.started.length };
  await judgeDue(ports, lost, async () => (await readTask(ports.table, tenant, taskId, found.version)).alerts?.notify ?? []); // prettier-ignore
  return seen;
}

/** What is too late to be started is counted. The row as it is then; undefined when somebody else is at it. */
async function passOver(
  ports: DuePorts,
  row: ScheduleRow,
  rhythm: Rhythm,
  untilMs: number,
  seen: SeenTo,
): Promise<ScheduleRow | undefined> {
  let to = row.doneTo;
  for (let next = dueAfter(rhythm, to); next <= untilMs && seen.missed < DUE_MISSED_MAX; next = dueAfter(rhythm, to)) {
    to = next;
    seen.missed++;
  }
  if (seen.missed === 0) return row;
  ports.log.warn('scheduled runs were missed', { tenant: row.tenant, taskId: row.taskId, missed: seen.missed });
  return advance(ports, row, rhythm, to, { missed: row.missed + seen.missed, lastMissedAt: to });
}

/** Undefined when somebody else has seen to it, or the schedule has changed. */
async function advance(
  ports: DuePorts,
  row: ScheduleRow,
  rhythm: Rhythm,
  doneTo: number,
  more: NonNullable<Change['set']>,
): Promise<ScheduleRow | undefined> {
  const dueAt = overdueAt(row.spec, dueAfter(rhythm, doneTo));
  const write = await ports.table.update(
    scheduleKey(row.tenant, row.taskId),
    { set: { doneTo, dueAt, ...more } },
    { all: [{ eq: ['doneTo', row.doneTo] }, { eq: ['since', row.since] }] },
  );
  return write.ok ? asSchedule(write.item) : undefined;
}

/** A lock that is let go of in the very moment is asked for again this often. */
const TRIES = 3;

async function startDue(ports: DuePorts, { tenant, taskId }: ScheduleRow, at: number): Promise<DueOutcome> {
  const caller = { tenant, keyId: 'schedule', scopes: ['write' as const] };
  const once = { seed: dueSeed(tenant, taskId, at), at };
  for (let tries = 1; ; tries++) {
    const started = await startRun(ports, caller, taskId, { once });
    if (started.ok) return { at, what: 'started', runId: started.value.id };
    const { status, detail } = started.refusal;
    if (status !== 409) return { at, what: 'refused', detail };
    if (tries >= TRIES || (await isLocked(ports, tenant, taskId))) return { at, what: 'skipped', detail };
  }
}
