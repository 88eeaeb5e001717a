import { describe, expect, it } from 'vitest';
import { recurrenceOf } from '#local/aws-cron.ts';

const times = (expression: string, timezone: string, after: string, count: number): string[] => {
  const recurrence = recurrenceOf(expression, timezone, Date.parse('2026-01-01T00:00Z'));
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count;) {
    at = recurrence.after(at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
};

describe('expressions of Scheduler', () => {
  it.each([
    ['cron(0 3 * * ? *)', 'Asia/Shanghai', '2026-05-01T00:00Z', ['2026-05-01T19:00', '2026-05-02T19:00']],
    ['cron(0 3 ? * MON-FRI *)', 'UTC', '2026-05-01T12:00Z', ['2026-05-04T03:00', '2026-05-05T03:00']],
    ['cron(0/30 12 1 JAN ? *)', 'UTC', '2026-01-01T12:00Z', ['2026-01-01T12:30', '2027-01-01T12:00']],
    ['rate(90 minutes)', 'UTC', '2025-12-31T00:00Z', ['2026-01-01T00:00', '2026-01-01T01:30']],
    // AWS leaves out what does not exist and takes once what is there twice.
    ['cron(30 2 * * ? *)', 'Europe/Berlin', '2026-03-28T12:00Z', ['2026-03-30T00:30']],
    ['cron(30 2 * * ? *)', 'Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['cron(30 * * * ? *)', 'Europe/Berlin', '2026-10-25T00:00Z', ['2026-10-25T00:30', '2026-10-25T02:30']],
  ])('%s in %s', (expression, timezone, after, expected) =>
    expect(times(expression, timezone, after, expected.length)).toEqual(expected),
  );

  it.each([
    ['cron(0 3 * * * *)', /must be \?/],
    ['cron(0 3 ? * ? *)', /must be \?/],
    ['cron(0 3 * * ?)', /six fields/],
    ['cron(60 3 * * ? *)', /60/],
    ['cron(0 3 L * ? *)', /L/],
    ['cron(0 3 ? * 0 *)', /0/],
    ['cron(0 3 * * ? 2027)', /every year only/],
    ['rate(0 minutes)', /rate/],
    ['at(2026-01-01T00:00:00)', /Invalid Schedule Expression/],
  ])('%s is refused', (expression, why) => expect(() => recurrenceOf(expression, 'UTC', 0)).toThrow(why));
});
