import { describe, expect, it } from 'vitest';
import { decide } from '#core/pace/controller.ts';
import * as P from '#core/pace/parameters.ts';
import { emptyWindow, fresh, readRecord, type Control, type HostRecord, type Window } from '#core/pace/record.ts';

const SECOND = 1e6;
const START = 1_000_000 * SECOND;

/** A host that was asked in an epoch that began at START. */
function record(control: Partial<Control>, window: Partial<Window>, more: Partial<HostRecord> = {}): HostRecord {
  const full = { ...emptyWindow, ...window };
  const known: Control = { ...fresh, epoch: 5, sinceUs: START, holdMs: P.HOLD_MS, ...control };
  return { ...readRecord(undefined), ok: known.okAtTick + full.ok, window: full, control: known, ...more };
}
const after = (seconds: number, host: HostRecord): Control | undefined => decide(host, START + seconds * SECOND);

describe('control', () => {
  it('begins with the first look at a new record', () => {
    const next = decide(readRecord(undefined), START);
    expect(next).toMatchObject({ epoch: 1, phase: 'start', rate: P.START_RATE, why: 'new' });
  });

  it.each<[string, Partial<Control>, Partial<Window>, number]>([
    ['too early', { rate: 20, phase: 'hold' }, { sent: 20, ok: 20 }, 0.9],
    ['too few answers', { rate: 20, phase: 'hold' }, { sent: 3, ok: 3 }, 2],
    ['no answer at all', { rate: 20, phase: 'hold' }, {}, 5],
    ['one reject among few at a rate that is not sparse, early', { rate: 20 }, { sent: 9, ok: 8, limited: 1 }, 0.5],
  ])('waits: %s', (_, control, window, seconds) => {
    expect(after(seconds, record(control, window))).toBeUndefined();
  });

  it('doubles at the start, but never above twice what was accepted', () => {
    expect(after(1, record({ rate: 8 }, { sent: 8, ok: 8 }))).toMatchObject({ phase: 'start', rate: 16 });
    expect(after(2, record({ rate: 8 }, { sent: 6, ok: 6 }))).toMatchObject({ phase: 'start', rate: 8 });
  });

  it('falls below what was accepted when it is refused, and holds there', () => {
    const next = after(1, record({ rate: 80, phase: 'start' }, { sent: 80, ok: 40, limited: 40 }));
    expect(next).toMatchObject({ phase: 'hold', why: 'refused', whyValue: 0.5 });
    expect(next?.rate).toBeLessThanOrEqual(60 * P.MARGIN);
    expect(next?.rate).toBeGreaterThan(30);
    expect(next?.holdUntilUs).toBeGreaterThan(START + SECOND);
  });

  it('acts on a burst of refusals before the tick', () => {
    expect(after(0.3, record({ rate: 80 }, { sent: 12, ok: 6, limited: 6 }))).toMatchObject({ why: 'refused' });
  });

  it('keeps the level when a step just above it is mildly refused', () => {
    const next = after(1, record({ rate: 51, capacity: 50, phase: 'probe' }, { sent: 51, ok: 49, limited: 2 }));
    expect(next?.rate).toBeGreaterThanOrEqual(49 * P.MARGIN);
    expect(next?.rate).toBeLessThan(51);
  });

  it('holds until its time, then steps up when what it may ask is asked', () => {
    const held = { rate: 48, capacity: 50, phase: 'hold' as const };
    const busy = { sent: 48, ok: 48 };
    expect(after(1, record({ ...held, holdUntilUs: START + 5 * SECOND }, busy))).toMatchObject({
      phase: 'hold',
      rate: 48,
    });
    expect(after(1, record(held, busy))).toMatchObject({ phase: 'probe', rate: 48 * (1 + P.PROBE_STEP) });
    expect(after(1, record(held, { sent: 10, ok: 10 }))).toMatchObject({ rate: 48 });
  });

  describe('of latency', () => {
    /** Answers that all took about so long: half of them a quarter less, half a quarter more. */
    const answers = (count: number, ms: number): Partial<Window> => {
      const logs = [Math.log(ms * 0.75), Math.log(ms * 1.25)];
      const sum = (of: (log: number) => number): number =>
        Math.round((1000 * count * (of(logs[0] ?? 0) + of(logs[1] ?? 0))) / 2);
      return { sent: count, ok: count, timed: count, logs: sum((log) => log), squares: sum((log) => log * log) };
    };
    const usual = { rate: 50, capacity: 50, phase: 'hold' as const, baseMs: 200, baseCount: 300, spread: 0.3 };
    const held = { ...usual, holdUntilUs: START + 60 * SECOND };

    it('learns the usual, and is not moved by a few slow answers', () => {
      const first = after(1, record({ rate: 8 }, answers(8, 200)));
      expect(first?.baseMs).toBeGreaterThan(180);
      expect(first?.baseMs).toBeLessThan(205);
      expect(after(1, record(held, answers(5, 260)))).toMatchObject({ phase: 'hold', rate: 50 });
    });

    it('slows when a queue shows, at once or summed up, until it has drained', () => {
      const next = after(1, record(held, answers(50, 400)));
      expect(next).toMatchObject({ phase: 'drain', why: 'latency' });
      expect(next?.rate).toBeLessThan(40);
      const done = after(1, record({ ...next, sinceUs: START, epoch: 6 }, answers(30, 205)));
      expect(done).toMatchObject({ phase: 'hold', why: 'drained' });

      let control: Control | undefined = after(1, record(held, answers(50, 250)));
      for (let second = 2; second < 9 && control?.phase === 'hold'; second++)
        control = decide(
          record({ ...control }, answers(50, 250), { ok: control.okAtTick + 50 }),
          START + second * SECOND,
        );
      expect(control).toMatchObject({ phase: 'drain', why: 'latency' });
    });

    it('takes a host that stays slow however little it is asked for a slower host', () => {
      let next: Control | undefined = after(1, record(held, answers(50, 400)));
      const bases: number[] = [];
      for (let second = 20; second <= 200 && next?.phase === 'drain'; second += 20) {
        next = decide(record({ ...next }, answers(20, 400), { ok: next.okAtTick + 20 }), START + second * SECOND);
        bases.push(next?.baseMs ?? 0);
      }
      expect(next).toMatchObject({ phase: 'start', capacity: 0 });
      expect(bases.at(-1)).toBeGreaterThan(370);
      expect(bases.slice(0, -1).every((ms) => ms < 300)).toBe(true);
    });
  });

  it('does not take the usual share of errors for a refusal', () => {
    const usual = record({ rate: 100, phase: 'hold', errorRate: 0.02 }, { sent: 100, ok: 98, errors: 2 });
    expect(after(1, usual)?.why).not.toBe('errors');
    const many = record({ rate: 100, phase: 'hold', errorRate: 0.02 }, { sent: 100, ok: 80, errors: 20 });
    expect(after(1, many)).toMatchObject({ why: 'errors', phase: 'hold' });
  });

  it('sums failures up where each look sees few', () => {
    let control: Control | undefined = { ...fresh, rate: 2, capacity: 2, phase: 'hold', epoch: 1, sinceUs: START };
    let decisions = 0;
    for (let second = 4; control !== undefined && control.why !== 'errors' && second < 60; second += 4) {
      control = decide(
        record({ ...control }, { sent: 5, ok: 2, errors: 3 }, { ok: control.okAtTick + 2 }),
        START + second * SECOND,
      );
      decisions++;
    }
    expect(control).toMatchObject({ why: 'errors', phase: 'hold' });
    expect(control?.rate).toBeLessThan(1.5);
    expect(decisions).toBe(2);
  });

  it('counts refusals against what must have been sent: they come back first', () => {
    const early = record(
      { rate: 80, capacity: 82, phase: 'probe', smooth: 78, delivered0: 80 },
      { sent: 4, limited: 4 },
    );
    expect(after(0.5, early)).toBeUndefined();
    const many = record({ rate: 80, capacity: 82, phase: 'probe', smooth: 78 }, { sent: 12, limited: 12 });
    const next = after(0.5, many);
    expect(next).toMatchObject({ why: 'refused' });
    expect(next?.whyValue).toBeCloseTo(12 / 39);
  });

  it('falls to what is accepted when a level that held is suddenly too high', () => {
    const level = { rate: 48, capacity: 50, phase: 'hold' as const, delivered0: 20, smooth: 40 };
    const next = after(1, record(level, { sent: 22, ok: 18, limited: 4 }));
    expect(next).toMatchObject({ why: 'refused' });
    expect(next?.rate).toBeLessThan(22);
  });

  describe('at walls', () => {
    const level = {
      rate: 55,
      capacity: 50,
      phase: 'probe' as const,
      smooth: 53,
      wallUs: START - 40 * SECOND,
      okAtTick: 900,
    };
    const wall = { pausedUs: START + 2 * SECOND };

    it('keeps the level below a wall that a step up ran into', () => {
      const next = after(1, record(level, { sent: 55, ok: 50, limited: 5 }, wall));
      expect(next).toMatchObject({
        phase: 'hold',
        why: 'wall',
        wallUs: START + 2 * SECOND,
        sinceUs: START + 2 * SECOND,
      });
      expect(next?.capacity).toBeGreaterThanOrEqual(50);
      expect(next?.capacity).toBeLessThan(55);
      expect(next?.holdUntilUs).toBe(START + 2 * SECOND + P.WALL_HOLD_MS * 1000);
    });

    it('takes a wall that others tell a little differently for the same', () => {
      const next = after(1, record(level, { sent: 55, ok: 50, limited: 5 }, wall));
      const again = after(
        3.1,
        record({ ...next, sinceUs: START + 2 * SECOND }, { sent: 3, limited: 3 }, { pausedUs: START + 2.4 * SECOND }),
      );
      expect(again).toMatchObject({ capacity: next?.capacity, rate: next?.rate, wallUs: START + 2.4 * SECOND });
    });
  });

  it('believes less of what it learned the longer it rests', () => {
    const rested = record({ rate: 48, capacity: 50, phase: 'hold' }, {});
    expect(after(61, rested)).toMatchObject({ phase: 'hold', why: 'aged' });
    const days = after(9 * 24 * 3600, rested);
    expect(days).toMatchObject({ phase: 'start', why: 'aged' });
    expect(days?.rate).toBeCloseTo(6, 0);
    expect(after(365 * 24 * 3600, rested)?.rate).toBe(P.START_RATE);
  });
});

describe('the breaker', () => {
  it('opens after silence in a row, tries one request, and opens for longer when that fails', () => {
    const dead = record(
      { rate: 48, capacity: 50, phase: 'hold' },
      { sent: 12, errors: 12 },
      { failures: P.BREAKER_FAILURES },
    );
    const open = after(1, dead);
    expect(open).toMatchObject({ phase: 'open', opened: 1, holdUntilUs: START + SECOND + P.OPEN_MS * 1000 });
    const later = { ...open, sinceUs: START };
    expect(after(2, record(later, {}, { failures: 12 }))).toBeUndefined();
    const half = after(17, record(later, {}, { failures: 12 }));
    expect(half).toMatchObject({ phase: 'half', rate: 1000 / P.HALF_OPEN_MS });
    const again = after(20, record({ ...half, sinceUs: START }, { sent: 1, errors: 1 }, { failures: 13 }));
    expect(again).toMatchObject({ phase: 'open', opened: 2 });
    expect((again?.holdUntilUs ?? 0) - START - 20 * SECOND).toBe(2 * P.OPEN_MS * 1000);
    const back = after(20, record({ ...half, sinceUs: START }, { sent: 1, ok: 1 }, { failures: 0 }));
    expect(back).toMatchObject({ phase: 'start', why: 'closed', opened: 0, rate: 50 / 8 });
  });
});
