import { Cron as Croner } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCron } from '#core/schedule/cron.ts';
import { dueTimes, intervalMs, rhythmOf } from '#core/schedule/rhythm.ts';
import { momentsOf, zoneOf } from '#core/schedule/zone.ts';

const utc = (text: string): number => Date.parse(text.endsWith('Z') ? text : `${text}Z`);
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
const times = (cron: string, timezone: string, after: string, count: number): string[] =>
  dueTimes(rhythmOf({ cron, timezone, overlap: 'skip' }, 0), utc(after), count).map(iso);

describe('a cron', () => {
  it.each([
    ['* * * *', 'it has 4 fields and not five'],
    ['@daily', 'it has 1 fields and not five'],
    ['60 * * * *', 'minute: "60" is not from 0 to 59'],
    ['0 24 * * *', 'hour: "24" is not from 0 to 23'],
    ['0 3 L * *', 'day of month: "L" is not from 1 to 31'],
    ['0 3 15W * *', 'day of month: "15W" is not from 1 to 31'],
    ['0 3 * * 5#2', 'day of week: "5#2" is no number, name, range or step'],
    ['0 3 * * 8', 'day of week: "8" is not from 0 to 7'],
    ['0 3 0 * *', 'day of month: "0" is not from 1 to 31'],
    ['5-1 * * * *', 'minute: "5-1" ends before it begins'],
    ['*-5 * * * *', 'minute: "*-5" is no range'],
    ['*/0 * * * *', 'minute: "*/0" has a step of 0'],
    ['-1 * * * *', 'minute: "-1" is no number, name, range or step'],
    ['0 3 30 2 *', 'no month has such a day'],
    ['0 3 31 4,6,9,11 *', 'no month has such a day'],
  ])('%s is refused: %s', (text, reason) => expect(parseCron(text)).toEqual({ ok: false, reason }));

  it.each([
    ['0 3 * * sun', '0 3 * * 0'],
    ['0 3 * * 7', '0 3 * * 0'],
    ['0 3 * * 5-7', '0 3 * * 0,5,6'],
    ['0 3 * JAN,dec *', '0 3 * 1,12 *'],
    ['*/20 * * * *', '0,20,40 * * * *'],
    ['5/20 * * * *', '5,25,45 * * * *'],
    ['10-20/5,15,59 * * * *', '10,15,20,59 * * * *'],
    ['0 3 ? * *', '0 3 * * *'],
  ])('%s means %s', (text, same) => expect(parseCron(text)).toEqual(parseCron(same)));

  const field = (low: number, high: number) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant('*') },
      { weight: 1, arbitrary: fc.integer({ min: 2, max: 6 }).map((step) => `*/${String(step)}`) },
      {
        weight: 3,
        arbitrary: fc
          .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 4 })
          .map((values) => values.join(',')),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }))
          .map(([a, b]) => `${String(Math.min(a, b))}-${String(Math.max(a, b))}`),
      },
    );

  it('is due when an independent implementation says so, where clocks stand', () => {
    const cron = fc
      .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
      .map((fields) => fields.join(' '));
    const zones = fc.constantFrom('UTC', 'Asia/Shanghai', 'Asia/Kolkata', 'America/Phoenix');
    const starts = fc.integer({ min: utc('2024-01-01T00:00'), max: utc('2032-01-01T00:00') });
    fc.assert(
      fc.property(cron, zones, starts, (text, timezone, after) => {
        const croner = new Croner(text, { timezone, mode: '5-part', paused: true });
        const expected: number[] = [];
        for (let at = new Date(after); expected.length < 5;) {
          const next = croner.nextRun(at);
          if (next === null) break;
          expected.push(next.getTime());
          at = next;
        }
        expect(dueTimes(rhythmOf({ cron: text, timezone, overlap: 'skip' }, 0), after, 5)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('is due on a 29 February that is eight years away', () =>
    expect(times('0 0 29 2 *', 'UTC', '2096-03-01T00:00', 2)).toEqual(['2104-02-29T00:00', '2108-02-29T00:00']));
});

describe('where clocks change', () => {
  it.each([
    // Berlin: 29 March 2026 02:00 → 03:00 (01:00Z), 25 October 03:00 → 02:00 (01:00Z).
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00', ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00', ['2026-10-25T00:30', '2026-10-26T01:30']],
    ['30 * * * *', 'Europe/Berlin', '2026-03-29T00:00', ['2026-03-29T00:30', '2026-03-29T01:30']],
    ['30 * * * *', 'Europe/Berlin', '2026-10-25T00:00', ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:30']],
    // Named hours of which one does not exist, and the one after it does: one run.
    ['0 2,3 * * *', 'Europe/Berlin', '2026-03-28T12:00', ['2026-03-29T01:00', '2026-03-30T00:00']],
    // New York: 8 March 2026 02:00 → 03:00 (07:00Z).
    ['15 2 * * *', 'America/New_York', '2026-03-07T12:00', ['2026-03-08T07:00', '2026-03-09T06:15']],
    // Lord Howe: by half an hour; 4 October 2026 02:00 → 02:30 (15:30Z the day before).
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T20:00', ['2026-10-03T15:30', '2026-10-04T15:15']],
    // Cairo: at midnight; 24 April 2026 00:00 → 01:00 (22:00Z the day before).
    ['30 0 * * *', 'Africa/Cairo', '2026-04-22T23:00', ['2026-04-23T22:00', '2026-04-24T21:30']],
  ])('%s in %s after %s', (cron, timezone, after, expected) =>
    expect(times(cron, timezone, after, expected.length)).toEqual(expected),
  );

  it('a local time is found by every moment that shows it', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Shanghai', 'America/Santiago'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 366 * 96 }), (name, quarter) => {
        const zone = zoneOf(name);
        const at = utc('2026-01-01T00:00') + quarter * 900_000;
        const moments = momentsOf(zone, at + zone.offsetMs(at));
        const found = moments.kind === 'once' ? [moments.utcMs] : moments.kind === 'twice' ? [moments.first, moments.second] : []; // prettier-ignore
        expect(found).toContain(at);
      }),
    );
  });
});

describe('an interval', () => {
  it.each([
    ['15 minutes', 900_000],
    ['1 hour', 3_600_000],
    ['2 days', 172_800_000],
    ['0 minutes', undefined],
    ['1 week', undefined],
  ])('%s', (every, ms) => expect(intervalMs(every)).toBe(ms));

  it('is counted from when the schedule was put up', () => {
    const rhythm = rhythmOf({ every: '15 minutes', timezone: 'UTC', overlap: 'skip' }, utc('2026-01-01T00:07'));
    expect(dueTimes(rhythm, utc('2026-01-01T00:07'), 2).map(iso)).toEqual(['2026-01-01T00:22', '2026-01-01T00:37']);
    expect(dueTimes(rhythm, utc('2026-01-01T00:22'), 1).map(iso)).toEqual(['2026-01-01T00:37']);
    expect(dueTimes(rhythm, utc('2026-01-01T00:36'), 1).map(iso)).toEqual(['2026-01-01T00:37']);
  });
});
