/**
 * A schedule in EventBridge Scheduler's words. Its cron has a year, counts weekdays from 1 (Sunday) and takes only one of the
 * two day fields, the other being `?`; so a cron that restricts both, and is due on either, becomes two expressions. Where
 * both are due at once both call, which is one run: whatever calls, the table says what is due.
 * The longest cron there is fits the 256 characters that Scheduler takes.
 */
import { parseCron, type Cron } from '#core/schedule/cron.ts';
import type { ScheduleSpec } from '#core/task.ts';

/** Parts that a schedule may have. */
export const PARTS_MAX = 2;

/** The spec has been validated. */
export function expressionsOf({ every, cron = '' }: ScheduleSpec): string[] {
  if (every !== undefined) return [rate(every)];
  const parsed = parseCron(cron);
  if (!parsed.ok) throw new RangeError(`a stored schedule is no cron: ${parsed.reason}`);
  const { minutes, hours, months } = parsed.cron;
  return daysOf(parsed.cron).map(
    ([day, weekday]) => `cron(${written(minutes, 0, 59)} ${written(hours, 0, 23)} ${day} ${written(months, 1, 12)} ${weekday} *)`, // prettier-ignore
  );
}

/** `1 minutes` is no rate. */
function rate(every: string): string {
  const [count = '', unit = ''] = every.split(' ');
  const one = unit.replace(/s$/, '');
  return `rate(${count} ${count === '1' ? one : `${one}s`})`;
}

function daysOf(cron: Cron): [day: string, weekday: string][] {
  const day = written(cron.days, 1, 31);
  const weekday = written(cron.weekdays.map((each) => each + 1), 1, 7); // prettier-ignore
  if (cron.anyWeekday) return [[day, '?']];
  return cron.anyDay ? [['?', weekday]] : [[day, '?'], ['?', weekday]]; // prettier-ignore
}

/** Values as `*`, as a step to the end of the range, or as numbers and ranges. */
function written(values: number[], low: number, high: number): string {
  if (values.length === high - low + 1) return '*';
  const [first = low, second = low] = values;
  const step = second - first;
  const isStep = values.length > 2 && step > 1 && values.every((value, i) => value === first + i * step);
  if (isStep && first + values.length * step > high) return `${String(first)}/${String(step)}`;
  const ranges: [from: number, to: number][] = [];
  for (const value of values) {
    const last = ranges.at(-1);
    if (last?.[1] === value - 1) last[1] = value;
    else ranges.push([value, value]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${String(from)}-${String(to)}`)).join(',');
}
