import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Scheduler, type ScheduleInput } from '#local/scheduler.ts';
import { tempDir } from './fixture.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

const START = Date.UTC(2026, 0, 1);
const daily = (change: Partial<ScheduleInput> = {}): ScheduleInput => ({
  group: 'g',
  name: 'daily',
  expression: 'cron(0 3 * * ? *)',
  timezone: 'UTC',
  windowMinutes: 0,
  target: {
    arn: 'f',
    roleArn: 'r',
    groupArn: 'g',
    input: '{"dueAt":"<aws.scheduler.scheduled-time>"}',
    ageSecondsMax: 3600,
    attemptsMax: 185,
    deadLetterArn: 'dead',
  },
  ...change,
});

function open(path = join(tempDir(), 'schedules.json'), startMs = START) {
  const clock = new VirtualClock(startMs);
  const calls: { at: string; payload: unknown }[] = [];
  const dead: string[] = [];
  const fate: { failure: string | undefined } = { failure: undefined };
  const scheduler = new Scheduler({
    path,
    clock,
    chance: () => 0.5,
    invoke: (_, payload) => {
      calls.push({ at: new Date(clock.now()).toISOString().slice(0, 16), payload });
      return Promise.resolve(fate.failure);
    },
    deadLetter: (_, _queue, body) => dead.push(body),
    log: () => undefined,
  });
  onTestFinished(() => scheduler.close());
  return { clock, calls, dead, fate, scheduler, path };
}
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('the scheduler', () => {
  it('calls when it is time, with the time that it was due at', async () => {
    const { clock, calls, scheduler } = open();
    scheduler.put(daily());
    await clock.advance(2 * DAY);
    expect(calls).toEqual([
      { at: '2026-01-01T03:00', payload: { dueAt: '2026-01-01T03:00:00Z' } },
      { at: '2026-01-02T03:00', payload: { dueAt: '2026-01-02T03:00:00Z' } },
    ]);
  });

  it('calls within the window, with the time that it was due at', async () => {
    const { clock, calls, scheduler } = open();
    scheduler.put(daily({ windowMinutes: 30 }));
    await clock.advance(DAY);
    expect(calls).toEqual([{ at: '2026-01-01T03:15', payload: { dueAt: '2026-01-01T03:00:00Z' } }]);
  });

  it('counts a rate from its start', async () => {
    const { clock, calls, scheduler } = open();
    scheduler.put(daily({ expression: 'rate(8 hours)', startMs: START + HOUR }));
    await clock.advance(DAY);
    expect(calls.map(({ at }) => at)).toEqual(['2026-01-01T01:00', '2026-01-01T09:00', '2026-01-01T17:00']);
  });

  it('goes by what was put last, and not at all by what was deleted', async () => {
    const { clock, calls, scheduler } = open();
    scheduler.put(daily());
    scheduler.put(daily({ expression: 'cron(0 5 * * ? *)' }));
    await clock.advance(DAY);
    expect(calls.map(({ at }) => at)).toEqual(['2026-01-01T05:00']);
    expect(scheduler.delete('g', 'daily')).toBe(true);
    expect(scheduler.delete('g', 'daily')).toBe(false);
    await clock.advance(DAY);
    expect(calls).toHaveLength(1);
  });

  it('calls again, later and later, until the call is too old, and then leaves a dead letter', async () => {
    const { clock, calls, dead, fate, scheduler } = open();
    fate.failure = 'down';
    scheduler.put(daily());
    await clock.advance(DAY);
    expect(calls.map(({ at }) => at.slice(11))).toEqual(['03:00', '03:01', '03:03', '03:07', '03:15', '03:31']);
    expect(dead).toEqual(['{"dueAt":"2026-01-01T03:00:00Z"}']);
    fate.failure = undefined;
    await clock.advance(DAY);
    expect(calls).toHaveLength(7);
  });

  it('remembers over its end, and then calls for what fell due within the age of a call', async () => {
    const first = open();
    first.scheduler.put(daily());
    await first.clock.advance(HOUR);
    await first.scheduler.close();
    const inTime = open(first.path, START + 3 * HOUR + HOUR / 2);
    await settle();
    expect(inTime.calls).toEqual([{ at: '2026-01-01T03:30', payload: { dueAt: '2026-01-01T03:00:00Z' } }]);
    await inTime.scheduler.close();
    const tooLate = open(first.path, START + 3 * DAY);
    await settle();
    expect(tooLate.calls).toEqual([]);
    await tooLate.clock.advance(DAY);
    expect(tooLate.calls.map(({ at }) => at)).toEqual(['2026-01-04T03:00']);
  });

  it('calls again after its end what was not taken before it', async () => {
    const first = open();
    first.fate.failure = 'down';
    first.scheduler.put(daily());
    await first.clock.advance(3 * HOUR + 30_000);
    expect(first.calls).toHaveLength(1);
    await first.scheduler.close();
    const second = open(first.path, START + 3 * HOUR + 120_000);
    await settle();
    expect(second.calls).toEqual([{ at: '2026-01-01T03:02', payload: { dueAt: '2026-01-01T03:00:00Z' } }]);
  });

  it('fires at once for any time when told so', async () => {
    const { calls, scheduler } = open();
    scheduler.put(daily());
    expect(await scheduler.fire('g', 'daily', START + DAY)).toBe(true);
    expect(calls.map(({ payload }) => payload)).toEqual([{ dueAt: '2026-01-02T00:00:00Z' }]);
    await expect(scheduler.fire('g', 'none', START)).rejects.toThrow('there is no schedule g/none');
  });

  it('refuses what is no expression', () => {
    const { scheduler } = open();
    expect(() => scheduler.put(daily({ expression: 'cron(0 3 * * * *)' }))).toThrow(/must be \?/);
    expect(scheduler.list()).toEqual([]);
  });
});
