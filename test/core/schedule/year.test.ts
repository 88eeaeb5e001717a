/**
 * A year of schedules in virtual time: the local world's Scheduler, which treats clocks that change as AWS does, calls a
 * `fire` that now and then is out of order; calls are repeated and lost; the sweep goes by. Three zones, both changes of the
 * clocks in each: every due run takes place once.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../local/fixture.ts';
import { VirtualClock as LocalClock } from '../../local/virtual-clock.ts';
import { expressionsOf } from '#lambdas/aws/schedule-expression.ts';
import { Scheduler } from '#local/scheduler.ts';
import { scheduleName } from '#core/names.ts';
import { fire } from '#core/steps/fire.ts';
import { sweep } from '#core/steps/sweep.ts';
import type { Schedules } from '#core/ports.ts';
import { caller, MemoryWorld, START, task } from '#support/memory-world.ts';
import { ok } from '#support/run-outcome.ts';

const HOUR = 3_600_000;
/** Rarer than in life, where it is a minute, and often enough that nothing gets too late. */
const SWEEP_MS = 50 * 60_000;
const YEAR_MS = 365 * 24 * HOUR;

/** Wall times of the year in a zone, by asking for the time at every minute: nothing of what is tested is used. */
function wallTimes(timezone: string, wanted: (hour: number, minute: number, weekday: string) => boolean): number[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  });
  const found: number[] = [];
  for (let at = START; at < START + YEAR_MS; at += 15 * 60_000) {
    const [, weekday = '', hour, minute] = /^(\w+),? (\d+):(\d+)/.exec(format.format(at)) ?? [];
    if (wanted(Number(hour), Number(minute), weekday)) found.push(at);
  }
  return found;
}

describe('a year of schedules', () => {
  const cases = [
    // Half past two does not exist on one day of the year and is there twice on another.
    { name: 'berlin', timezone: 'Europe/Berlin', cron: '30 2 * * *' },
    { name: 'new-york', timezone: 'America/New_York', cron: '30 1,2 * * *' },
    { name: 'lord-howe', timezone: 'Australia/Lord_Howe', cron: '15 2 * * *' },
    // Clocks change on Sundays.
    { name: 'hourly', timezone: 'Europe/Berlin', cron: '30 * * * sun' },
    { name: 'mondays', timezone: 'America/New_York', cron: '0 9 1 * mon' },
  ] as const;

  it('runs everything that is due once', { timeout: 60_000 }, async () => {
    const world = await new MemoryWorld().open();
    const clock = new LocalClock(START);
    const ports = { ...world.ports, clock };
    const started: { taskId: string; at: number }[] = [];
    let calls = 0;
    const call = async (payload: unknown): Promise<string | undefined> => {
      const { taskId, dueAt } = payload as { taskId: string; dueAt: string };
      const request = { tenant: 'acme', taskId, dueAt: Date.parse(dueAt) };
      calls++;
      if (calls % 11 === 0) return 'out of order';
      if (calls % 7 === 0) return undefined; // taken, and lost behind it
      await fire(portsOf, request);
      if (calls % 5 === 0) await fire(portsOf, request);
      return undefined;
    };
    const scheduler = new Scheduler({
      path: join(tempDir(), 'schedules.json'),
      clock,
      chance: () => 0.5,
      invoke: (_, payload) => call(payload),
      deadLetter: () => undefined,
      log: () => undefined,
    });
    const schedules: Schedules = {
      put: (tenant, taskId, spec, startMs) => {
        for (const [part, expression] of expressionsOf(spec).entries())
          scheduler.put({
            group: 'g',
            name: scheduleName(tenant, taskId, part),
            expression,
            timezone: spec.timezone,
            startMs,
            windowMinutes: 0,
            target: {
              arn: 'fire',
              roleArn: 'role',
              groupArn: 'group',
              input: JSON.stringify({ taskId, dueAt: '<aws.scheduler.scheduled-time>' }),
              ageSecondsMax: 3600,
              attemptsMax: 185,
            },
          });
        return Promise.resolve();
      },
      remove: () => Promise.resolve(),
    };
    /** What a start leads to is not the matter here: the run is noted and taken out of the way of the sweep. */
    const orchestrator = {
      ...world.orchestrator,
      start: async (_tenant: string, runId: string) => {
        const key = { pk: `T#acme#RUN#${runId}`, sk: 'RUN' };
        const { item } = await world.table.update(key, { remove: ['duePk', 'dueAt', 'listPk'] });
        started.push({ taskId: String(item?.taskId), at: clock.now() });
        await world.table.update(key, { set: { state: 'SUCCEEDED' } });
      },
    };
    const portsOf = { ...ports, schedules, orchestrator };
    const { createService } = await import('#core/service/service.ts');
    const service = createService(portsOf);
    for (const { name, timezone, cron } of cases)
      ok(await service.createTask(caller, task({ name, schedule: { cron, timezone, overlap: 'skip' } })));

    for (let at = START; at < START + YEAR_MS + 2 * HOUR; at += SWEEP_MS) {
      await clock.advance(SWEEP_MS);
      await sweep(portsOf);
    }
    await scheduler.close();

    const timesOf = (name: string): number[] => started.filter(({ taskId }) => taskId === name).map(({ at }) => at);
    const until = START + YEAR_MS;
    const count = (name: string): number => timesOf(name).filter((at) => at < until + HOUR).length;
    expect(count('berlin')).toBe(365);
    expect(count('lord-howe')).toBe(365);
    // 01:30 and 02:30: the one that does not exist runs as soon as clocks go on.
    expect(count('new-york')).toBe(730);
    // One Sunday has 23 hours and one has 25.
    expect(count('hourly')).toBe(52 * 24);
    const mondays = wallTimes('America/New_York', (hour, minute, weekday) => hour === 9 && minute === 0 && weekday === 'Mon'); // prettier-ignore
    expect(count('mondays')).toBeGreaterThan(mondays.length);
    // Each of the wall's own times has its run.
    for (const at of mondays) expect(timesOf('mondays').some((run) => run >= at && run <= at + HOUR)).toBe(true);
    for (const { name } of cases)
      expect(ok(await service.getTask(caller, name)).schedule).toMatchObject({ missed: 0, inPlace: true });
    expect(new Set(started.map(({ taskId, at }) => `${taskId} ${String(at)}`)).size).toBe(started.length);
  });
});
