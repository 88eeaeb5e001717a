/**
 * A cron of five fields: minute, hour, day of month, month, day of week. Numbers, English names of months and days, lists,
 * ranges and steps; Sunday is 0 and 7. As everywhere with cron, a day has to fit either of the two day fields when both are
 * restricted, and both when one of them is `*`.
 */

export interface Cron {
  /** Sorted, without doubles. */
  minutes: number[];
  hours: number[];
  days: number[];
  months: number[];
  /** 0 = Sunday. */
  weekdays: number[];
  /** Were the day fields, and the hour, left open (`*`)? */
  anyDay: boolean;
  anyWeekday: boolean;
  anyHour: boolean;
}
export type ParsedCron = { ok: true; cron: Cron } | { ok: false; reason: string };

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  name: string;
  low: number;
  high: number;
  /** What stands for `low`, `low + 1`, … */
  names: string[];
}
const FIELDS: readonly Field[] = [
  { name: 'minute', low: 0, high: 59, names: [] },
  { name: 'hour', low: 0, high: 23, names: [] },
  { name: 'day of month', low: 1, high: 31, names: [] },
  { name: 'month', low: 1, high: 12, names: MONTHS },
  { name: 'day of week', low: 0, high: 7, names: WEEKDAYS },
];

export function parseCron(text: string): ParsedCron {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length)
    return { ok: false, reason: `it has ${String(parts.length)} fields and not five` };
  const values: number[][] = [];
  for (const [i, field] of FIELDS.entries()) {
    const parsed = parseField(parts[i] ?? '', field);
    if (typeof parsed === 'string') return { ok: false, reason: `${field.name}: ${parsed}` };
    values.push(parsed);
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = values;
  const isOpen = (i: number): boolean => parts[i] === '*' || parts[i] === '?';
  const cron: Cron = {
    minutes,
    hours,
    days,
    months,
    weekdays: sorted(weekdays.map((day) => day % 7)),
    anyDay: isOpen(2),
    anyWeekday: isOpen(4),
    anyHour: isOpen(1),
  };
  return matchesSomeDay(cron) ? { ok: true, cron } : { ok: false, reason: 'no month has such a day' };
}

/** The values, or why not. */
function parseField(text: string, field: Field): number[] | string {
  const values: number[] = [];
  for (const item of text.split(',')) {
    const parsed = parseItem(item, field);
    if (typeof parsed === 'string') return parsed;
    values.push(...parsed);
  }
  return sorted(values);
}

function parseItem(item: string, field: Field): number[] | string {
  const match = /^(\*|\?|\w+)(?:-(\w+))?(?:\/(\d{1,2}))?$/.exec(item);
  if (match === null) return `${JSON.stringify(item)} is no number, name, range or step`;
  const [, first = '', last, step] = match;
  const isOpen = first === '*' || first === '?';
  if (isOpen && last !== undefined) return `${JSON.stringify(item)} is no range`;
  const from = isOpen ? field.low : valueOf(first, field);
  // `5/15` means from 5 on; what is open ends before the second name of Sunday.
  const end = field.high === 7 && isOpen ? 6 : field.high;
  const to = last !== undefined ? valueOf(last, field) : isOpen || step !== undefined ? end : from;
  if (from === undefined || to === undefined)
    return `${JSON.stringify(item)} is not from ${String(field.low)} to ${String(field.high)}`;
  if (from > to) return `${JSON.stringify(item)} ends before it begins`;
  const by = step === undefined ? 1 : Number(step);
  if (by === 0) return `${JSON.stringify(item)} has a step of 0`;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, i) => from + i * by);
}

function valueOf(text: string, { low, high, names }: Field): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return low + named;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return value >= low && value <= high ? value : undefined;
}

const sorted = (values: number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/** The longest that each month can be. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const matchesSomeDay = (cron: Cron): boolean =>
  (!cron.anyWeekday && !cron.anyDay) ||
  cron.months.some((month) => (cron.days[0] ?? 32) <= (MONTH_DAYS[month - 1] ?? 0));

/** Does the cron run on this day? `weekday` 0 = Sunday. */
export function matchesDay(cron: Cron, month: number, day: number, weekday: number): boolean {
  if (!cron.months.includes(month)) return false;
  const fitsDay = cron.days.includes(day);
  const fitsWeekday = cron.weekdays.includes(weekday);
  return cron.anyDay || cron.anyWeekday ? fitsDay && fitsWeekday : fitsDay || fitsWeekday;
}
