/** Schedules of tasks on ports in memory: placed, called, missed, mended. */
import { describe, expect, it } from 'vitest';
import { DUE_GRACE_MS, DUE_LATE_MS, PLACE_AFTER_MS } from '#core/limits.ts';
import { scheduleKey, taskKey } from '#core/names.ts';
import { asSchedule, asTask } from '#core/rows.ts';
import { fire } from '#core/steps/fire.ts';
import { sweep } from '#core/steps/sweep.ts';
import type { Schedules } from '#core/ports.ts';
import type { ScheduleSpec } from '#core/task.ts';
import { caller, MemoryWorld, START, task } from '#support/memory-world.ts';
import { ok } from '#support/run-outcome.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const HOURLY: ScheduleSpec = { cron: '0 * * * *', timezone: 'UTC', overlap: 'allow' };
const scheduled = (schedule?: ScheduleSpec) => task({ name: 'test', ...(schedule && { schedule }) });

async function world(schedule: ScheduleSpec = HOURLY): Promise<MemoryWorld> {
  const made = await new MemoryWorld().open();
  ok(await made.service.createTask(caller, scheduled(schedule)));
  return made;
}
const row = async (w: MemoryWorld) => {
  const item = await w.table.get(scheduleKey('acme', 'test'));
  return item && asSchedule(item);
};
const head = async (w: MemoryWorld) => asTask((await w.table.get(taskKey('acme', 'test'))) ?? { pk: '', sk: '' });
const runs = async (w: MemoryWorld) => ok(await w.service.listRuns(caller, {}, { limit: 100 })).items;
const calls = (w: MemoryWorld, dueAt: number) => fire(w.ports, { tenant: 'acme', taskId: 'test', dueAt });
const sweepAt = async (w: MemoryWorld, at: number) => {
  w.clock.moveTo(at);
  return w.until(sweep(w.ports));
};
/** The world with a scheduler that cannot be reached. */
const unplaced = (w: MemoryWorld) => {
  const down = (): Promise<never> => Promise.reject(new Error('down'));
  const schedules: Schedules = { put: down, remove: down };
  return { ...w.ports, schedules };
};

describe('a schedule', () => {
  it('comes and goes with its task', async () => {
    const w = await world();
    expect(w.placed.get('test')).toEqual([{ spec: HOURLY, firstAt: START + HOUR }]);
    expect(ok(await w.service.getTask(caller, 'test')).schedule).toEqual({
      nextRuns: [1, 2, 3].map((hours) => new Date(START + hours * HOUR).toISOString()),
      inPlace: true,
      missed: 0,
    });
    const daily: ScheduleSpec = { cron: '0 3 * * *', timezone: 'UTC', overlap: 'skip' };
    ok(await w.service.replaceTask(caller, 'test', scheduled(daily)));
    ok(await w.service.replaceTask(caller, 'test', scheduled()));
    expect(await row(w)).toBeUndefined();
    ok(await w.service.rollbackTask(caller, 'test', 2));
    ok(await w.service.deleteTask(caller, 'test'));
    expect(w.placed.get('test')?.slice(1)).toMatchObject([{ spec: daily }, undefined, { spec: daily }, undefined].map((p) => p ?? undefined)); // prettier-ignore
    expect(await row(w)).toBeUndefined();
    expect(await head(w)).not.toHaveProperty('duePk');
  });

  it('is not touched by a change that leaves it as it is, and keeps what was seen to', async () => {
    const w = await world();
    await calls(w, START + HOUR);
    ok(await w.service.replaceTask(caller, 'test', { ...scheduled(HOURLY), description: 'other' }));
    ok(await w.service.replaceTask(caller, 'test', scheduled({ ...HOURLY, overlap: 'skip' })));
    expect(w.placed.get('test')).toHaveLength(1);
    expect(await row(w)).toMatchObject({ version: 3, doneTo: START + HOUR, placed: true });
  });

  it('that could not be placed is placed by the sweep, and the task stands meanwhile', async () => {
    const w = await new MemoryWorld().open();
    const { createService } = await import('#core/service/service.ts');
    const service = createService(unplaced(w));
    expect(ok(await service.createTask(caller, scheduled(HOURLY))).schedule?.inPlace).toBe(false);
    await sweepAt(w, START + PLACE_AFTER_MS);
    expect(w.placed.get('test')).toHaveLength(1);
    expect(ok(await w.service.getTask(caller, 'test')).schedule?.inPlace).toBe(true);
    ok(await service.deleteTask(caller, 'test'));
    expect(w.placed.get('test')).toHaveLength(1);
    await sweepAt(w, START + 2 * PLACE_AFTER_MS + MINUTE);
    expect(w.placed.get('test')?.at(-1)).toBeUndefined();
  });

  it('is in line with its task wherever the one who places it dies', async () => {
    for (let calls_ = 1; calls_ < 40; calls_++) {
      const w = await world();
      let left = calls_;
      const dying = <T extends object>(port: T): T =>
        new Proxy(port, {
          get: (target, name) => {
            const method: unknown = Reflect.get(target, name);
            if (typeof method !== 'function') return method;
            return (...args: unknown[]): unknown =>
              left-- > 0 ? (method as (...a: unknown[]) => unknown).apply(target, args) : Promise.reject(new Error('died')); // prettier-ignore
          },
        });
      const { createService } = await import('#core/service/service.ts');
      const service = createService({ ...w.ports, table: dying(w.table), schedules: dying(w.schedules) });
      const changed: ScheduleSpec = { every: '2 hours', timezone: 'UTC', overlap: 'skip' };
      const put = await service.replaceTask(caller, 'test', scheduled(changed)).catch(() => undefined);
      const isDone = left >= 0;
      await sweepAt(w, START + 5 * MINUTE);
      const version = (await head(w)).version;
      const expected = version === 2 ? changed : HOURLY;
      if (put?.ok) expect(version).toBe(2);
      expect(await row(w)).toMatchObject({ version, spec: expected, placed: true });
      expect(w.placed.get('test')?.at(-1)?.spec).toEqual(expected);
      expect(await head(w)).not.toHaveProperty('duePk');
      if (isDone) return;
    }
    throw new Error('never came to its end');
  });
});

describe('a due run', () => {
  it('is started once, however often and late it is called for', async () => {
    const w = await world();
    w.clock.moveTo(START + HOUR + 5_000);
    const first = await calls(w, START + HOUR);
    expect(first).toMatchObject({ outcome: 'seenTo', started: [expect.any(String)], missed: 0 });
    expect(await calls(w, START + HOUR)).toMatchObject({ started: [] });
    const [one, two] = await Promise.all([calls(w, START + 2 * HOUR), calls(w, START + 2 * HOUR)]);
    expect([one, two].map((answer) => answer.outcome)).toEqual(['seenTo', 'seenTo']);
    const ids = (await runs(w)).map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(await row(w)).toMatchObject({ doneTo: START + 2 * HOUR, last: { what: 'started', runId: ids[0] } });
  });

  it('that was called for out of order is not lost', async () => {
    const w = await world();
    w.clock.moveTo(START + 2 * HOUR - MINUTE);
    expect(await calls(w, START + 2 * HOUR)).toMatchObject({ started: [expect.any(String), expect.any(String)] });
    expect(await calls(w, START + HOUR)).toMatchObject({ started: [] });
    expect(await runs(w)).toHaveLength(2);
  });

  it('that nobody called for is started by the sweep, and whoever should have is told again', async () => {
    const w = await world();
    expect((await sweepAt(w, START + HOUR + DUE_GRACE_MS - 1)).runsLate).toBe(0);
    expect((await sweepAt(w, START + HOUR + DUE_GRACE_MS)).runsLate).toBe(1);
    expect(await runs(w)).toHaveLength(1);
    expect(w.placed.get('test')).toHaveLength(2);
    expect(await calls(w, START + HOUR)).toMatchObject({ started: [] });
  });

  it('with a window is left alone by the sweep until the window is over', async () => {
    const w = await world({ ...HOURLY, jitterMinutes: 20 });
    expect((await sweepAt(w, START + HOUR + 20 * MINUTE)).runsLate).toBe(0);
    expect((await sweepAt(w, START + HOUR + 20 * MINUTE + DUE_GRACE_MS)).runsLate).toBe(1);
  });

  it('that is too late is missed, counted and not made up for', async () => {
    const w = await world();
    await sweepAt(w, START + 5 * HOUR + 30 * MINUTE);
    expect(await runs(w)).toHaveLength(1);
    const lastMissedAt = START + 4 * HOUR;
    expect(await row(w)).toMatchObject({ missed: 4, lastMissedAt, doneTo: START + 5 * HOUR });
    expect(START + 5 * HOUR + 30 * MINUTE - lastMissedAt).toBeGreaterThan(DUE_LATE_MS);
    expect(ok(await w.service.getTask(caller, 'test')).schedule).toMatchObject({ missed: 4 });
  });

  it('that finds another run of its task going on is skipped, or waits, as the task says', async () => {
    for (const overlap of ['skip', 'queue'] as const) {
      const w = await world({ ...HOURLY, overlap });
      await calls(w, START + HOUR);
      await calls(w, START + 2 * HOUR);
      const last = (await row(w))?.last;
      if (overlap === 'skip') {
        expect(last).toMatchObject({
          at: START + 2 * HOUR,
          what: 'skipped',
          detail: expect.stringMatching(/is not over/),
        });
        expect(await runs(w)).toHaveLength(1);
      } else expect((await runs(w)).map(({ waitsFor }) => waitsFor !== undefined)).toEqual([true, false]);
    }
  });

  it('that could not be started stays due', async () => {
    const w = await world();
    const failing = { ...w.ports, orchestrator: { ...w.orchestrator, start: () => Promise.reject(new Error('down')) } };
    await expect(fire(failing, { tenant: 'acme', taskId: 'test', dueAt: START + HOUR })).rejects.toThrow('down');
    await sweepAt(w, START + HOUR + DUE_GRACE_MS);
    expect(await runs(w)).toHaveLength(1);
    expect(w.executions.size).toBe(1);
  });

  it('of a schedule that is gone calls no more', async () => {
    const w = await world();
    ok(await w.service.deleteTask(caller, 'test'));
    const before = w.placed.get('test')?.length ?? 0;
    expect(await calls(w, START + HOUR)).toEqual({ outcome: 'noSchedule' });
    expect(w.placed.get('test')).toHaveLength(before + 1);
    expect(await runs(w)).toHaveLength(0);
  });
});
