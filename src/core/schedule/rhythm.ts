/**
 * When a schedule is due. What counts is this definition and not when anybody calls: a run belongs to the time that it was
 * due at, and has its id from there.
 *
 * Where clocks change: a schedule with named hours runs once on each of its days, at the first of two equal local times, and
 * as soon as clocks go on where its time does not exist. One with an open hour (`*`) goes on hour by hour through both.
 */
import { matchesDay, parseCron, type Cron } from './cron.ts';
import { momentsOf, steadyOffset, zoneOf, type Zone } from './zone.ts';
import type { ScheduleSpec } from '../task.ts';

export type Rhythm =
  | { kind: 'cron'; cron: Cron; zone: Zone }
  | { kind: 'every'; everyMs: number; /** UTC ms of no run. */ sinceMs: number };

const DAY_MS = 86_400_000;
/** From one 29 February to the next it is eight years at most (2096 to 2104). */
const DAYS_MAX = 8 * 366 + 2;
const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: DAY_MS };

/** @param sinceMs when the schedule was put up: intervals are counted from there. The spec has been validated. */
export function rhythmOf(spec: ScheduleSpec, sinceMs: number): Rhythm {
  const everyMs = intervalMs(spec.every ?? '');
  if (everyMs !== undefined) return { kind: 'every', everyMs, sinceMs };
  const parsed = parseCron(spec.cron ?? '');
  if (!parsed.ok) throw new RangeError(`a stored schedule is no cron: ${parsed.reason}`);
  return { kind: 'cron', cron: parsed.cron, zone: zoneOf(spec.timezone) };
}

/** `15 minutes` in milliseconds; undefined when it is no interval. */
export function intervalMs(every: string): number | undefined {
  const match = /^([1-9]\d{0,5}) (minute|hour|day)s?$/.exec(every);
  const unit = UNIT_MS[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/** The first time after `afterMs` at which the schedule is due. */
export function dueAfter(rhythm: Rhythm, afterMs: number): number {
  if (rhythm.kind === 'every') {
    const { everyMs, sinceMs } = rhythm;
    return sinceMs + (Math.max(0, Math.floor((afterMs - sinceMs) / everyMs)) + 1) * everyMs;
  }
  const { cron, zone } = rhythm;
  // From the day before, whose last times may have been moved to after it.
  let dayMs = Math.floor((afterMs + zone.offsetMs(afterMs)) / DAY_MS - 1) * DAY_MS;
  for (let days = 0; days < DAYS_MAX; days++, dayMs += DAY_MS) {
    const day = new Date(dayMs);
    if (!matchesDay(cron, day.getUTCMonth() + 1, day.getUTCDate(), day.getUTCDay())) continue;
    const next = firstOfDay(cron, zone, dayMs, afterMs);
    if (next !== undefined) return next;
  }
  throw new RangeError('a stored cron is never due');
}

function firstOfDay(cron: Cron, zone: Zone, dayMs: number, afterMs: number): number | undefined {
  const steady = steadyOffset(zone, dayMs);
  let first: number | undefined;
  for (const hour of cron.hours) {
    for (const minute of cron.minutes) {
      const localMs = dayMs + (hour * 60 + minute) * 60_000;
      const moments = steady === undefined ? timesOf(cron, zone, localMs) : [localMs - steady];
      for (const utcMs of moments) if (utcMs > afterMs && (first === undefined || utcMs < first)) first = utcMs;
      if (steady !== undefined && first !== undefined) return first;
    }
  }
  return first;
}

function timesOf(cron: Cron, zone: Zone, localMs: number): number[] {
  const moments = momentsOf(zone, localMs);
  switch (moments.kind) {
    case 'once':
      return [moments.utcMs];
    case 'twice':
      return cron.anyHour ? [moments.first, moments.second] : [moments.first];
    case 'never':
      return cron.anyHour ? [] : [moments.gapEndMs];
  }
}

/** The next `count` times. */
export function dueTimes(rhythm: Rhythm, afterMs: number, count: number): number[] {
  const times: number[] = [];
  for (let at = afterMs; times.length < count;) times.push((at = dueAfter(rhythm, at)));
  return times;
}
