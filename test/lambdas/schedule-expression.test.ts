import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueTimes, rhythmOf } from '#core/schedule/rhythm.ts';
import type { ScheduleSpec } from '#core/task.ts';
import { expressionsOf, PARTS_MAX } from '#lambdas/aws/schedule-expression.ts';
import { recurrenceOf } from '#local/aws-cron.ts';

const cron = (text: string): ScheduleSpec => ({ cron: text, timezone: 'UTC', overlap: 'skip' });

describe("a schedule in Scheduler's words", () => {
  it.each([
    ['0 3 * * *', ['cron(0 3 * * ? *)']],
    ['*/15 * * * *', ['cron(0/15 * * * ? *)']],
    ['5/20 * * * *', ['cron(5/20 * * * ? *)']],
    ['*/7 8-18 * * *', ['cron(0/7 8-18 * * ? *)']],
    ['0,30 9,17 * * *', ['cron(0,30 9,17 * * ? *)']],
    ['10-20/5 * * * *', ['cron(10,15,20 * * * ? *)']],
    ['0 3 1 * *', ['cron(0 3 1 * ? *)']],
    ['0 3 * * 1-5', ['cron(0 3 ? * 2-6 *)']],
    ['0 3 * * sun', ['cron(0 3 ? * 1 *)']],
    ['0 3 * * 6,7', ['cron(0 3 ? * 1,7 *)']],
    ['0 3 1 */3 *', ['cron(0 3 1 1/3 ? *)']],
    // Due on the first of the month and on Mondays: two schedules.
    ['0 3 1 * mon', ['cron(0 3 1 * ? *)', 'cron(0 3 ? * 2 *)']],
  ])('%s', (text, expressions) => expect(expressionsOf(cron(text))).toEqual(expressions));

  it.each([
    ['1 minutes', 'rate(1 minute)'],
    ['15 minute', 'rate(15 minutes)'],
    ['2 days', 'rate(2 days)'],
  ])('every %s', (every, expression) =>
    expect(expressionsOf({ every, timezone: 'UTC', overlap: 'skip' })).toEqual([expression]),
  );

  it('always fits into what Scheduler takes', () => {
    /** The longest that ranges and numbers from `from` on can be. */
    const longest = (from: number, high: number): number => {
      let most = 0;
      for (let first = from; first <= high; first++)
        for (const last of [first, first + 1]) {
          if (last > high) continue;
          const text = first === last ? String(first) : `${String(first)}-${String(last)}`;
          const rest = known(last + 2, high);
          most = Math.max(most, text.length + (rest > 0 ? rest + 1 : 0));
        }
      return most;
    };
    const seen = new Map<string, number>();
    const known = (from: number, high: number): number => {
      const key = `${String(from)} ${String(high)}`;
      const length = seen.get(key) ?? longest(from, high);
      seen.set(key, length);
      return length;
    };
    const fields = known(0, 59) + known(0, 23) + known(1, 31) + known(1, 12);
    expect('cron(    ? *)'.length + fields).toBeLessThanOrEqual(256);
  });

  const field = (low: number, high: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: 2, max: 6 }).map((step) => `*/${String(step)}`),
      fc
        .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 5 })
        .map((values) => values.join()),
    );

  it('calls at every due time and at no other, where clocks stand', () => {
    const crons = fc
      .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
      .map((fields) => fields.join(' '));
    const starts = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2032, 0, 1) });
    fc.assert(
      fc.property(crons, fc.constantFrom('UTC', 'Asia/Kolkata'), starts, (text, timezone, after) => {
        const expressions = expressionsOf(cron(text));
        expect(expressions.length).toBeLessThanOrEqual(PARTS_MAX);
        const parts = expressions.map((expression) => recurrenceOf(expression, timezone, 0));
        const calls: number[] = [];
        for (let at = after; calls.length < 6; calls.push(at))
          at = Math.min(...parts.map((part) => part.after(at) ?? Infinity));
        expect(calls).toEqual(dueTimes(rhythmOf({ ...cron(text), timezone }, 0), after, 6));
      }),
      { numRuns: 150 },
    );
  });
});
