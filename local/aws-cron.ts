/**
 * Schedule expressions as EventBridge Scheduler reads them: `rate(…)` from a start, `cron(…)` of six fields in a zone. Where
 * clocks change it leaves out local times that do not exist and takes those that are there twice once, the first time.
 */
import { momentsOf, zoneOf, type Zone } from '#core/schedule/zone.ts';
import { rateMs } from './schedule.ts';

export interface Recurrence {
  /** The first time after `afterMs`; undefined = never again. */
  after(afterMs: number): number | undefined;
}

const DAY_MS = 86_400_000;
/** From one 29 February to the next it is eight years at most. */
const DAYS_MAX = 8 * 366 + 2;

/** @param startMs of a rate: its first time. @throws with a plain reason when it is no expression. */
export function recurrenceOf(expression: string, timezone: string, startMs: number): Recurrence {
  if (expression.startsWith('rate(')) {
    const everyMs = rateMs(expression);
    return { after: (afterMs) => startMs + Math.max(0, Math.floor((afterMs - startMs) / everyMs) + 1) * everyMs };
  }
  const [, text] = /^cron\((.*)\)$/.exec(expression) ?? [];
  if (text === undefined) throw new Error(`Invalid Schedule Expression ${expression}.`);
  const cron = parse(text);
  const zone = zoneOf(timezone);
  return { after: (afterMs) => next(cron, zone, afterMs) };
}

interface AwsCron {
  minutes: number[];
  hours: number[];
  /** Undefined = `?`. */
  days: number[] | undefined;
  months: number[];
  /** 1 = Sunday; undefined = `?`. */
  weekdays: number[] | undefined;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function parse(text: string): AwsCron {
  const wrong = (why: string): Error => new Error(`Invalid Schedule Expression cron(${text}): ${why}`);
  const fields = text.split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = '', year = ''] = fields;
  if (fields.length !== 6) throw wrong('six fields');
  if (year !== '*') throw wrong('the local world plays every year only');
  if ((day === '?') === (weekday === '?')) throw wrong('exactly one of day-of-month and day-of-week must be ?');
  const field = (given: string, low: number, high: number, names: string[] = []): number[] => {
    const values = given.split(',').flatMap((item) => itemValues(item, low, high, names));
    if (values.some((value) => !(value >= low && value <= high))) throw wrong(given);
    return [...new Set(values)].sort((a, b) => a - b);
  };
  return {
    minutes: field(minute, 0, 59),
    hours: field(hour, 0, 23),
    days: day === '?' ? undefined : field(day, 1, 31),
    months: field(month, 1, 12, MONTHS),
    weekdays: weekday === '?' ? undefined : field(weekday, 1, 7, WEEKDAYS),
  };
}

/** NaN for what the local world does not know (`L`, `W`, `#`, a step of a range). */
function itemValues(item: string, low: number, high: number, names: string[]): number[] {
  const value = (text = ''): number => {
    const named = names.indexOf(text.toUpperCase());
    if (named >= 0) return low + named;
    return /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  if (item === '*') return span(low, high, 1);
  const step = /^(\*|\w+)\/(\d+)$/.exec(item);
  if (step) return span(step[1] === '*' ? low : value(step[1]), high, value(step[2]));
  const [from, to = from] = item.split('-');
  return span(value(from), value(to), 1);
}

function span(from: number, to: number, step: number): number[] {
  if (!(from <= to && step > 0)) return [Number.NaN];
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

function next(cron: AwsCron, zone: Zone, afterMs: number): number | undefined {
  let dayMs = Math.floor((afterMs + zone.offsetMs(afterMs)) / DAY_MS - 1) * DAY_MS;
  for (let days = 0; days < DAYS_MAX; days++, dayMs += DAY_MS) {
    const day = new Date(dayMs);
    const fits =
      cron.months.includes(day.getUTCMonth() + 1) &&
      (cron.days?.includes(day.getUTCDate()) ?? true) &&
      (cron.weekdays?.includes(day.getUTCDay() + 1) ?? true);
    if (!fits) continue;
    for (const hour of cron.hours)
      for (const minute of cron.minutes) {
        const moments = momentsOf(zone, dayMs + (hour * 60 + minute) * 60_000);
        const at = moments.kind === 'once' ? moments.utcMs : moments.kind === 'twice' ? moments.first : undefined;
        if (at !== undefined && at > afterMs) return at;
      }
  }
  return undefined;
}
