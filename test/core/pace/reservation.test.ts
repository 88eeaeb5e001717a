import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paceKey } from '#core/names.ts';
import { setOperatorWord } from '#core/pace/operator.ts';
import { emptyWindow } from '#core/pace/record.ts';
import { giveBack, report, reserve, type Asking, type Feedback, type Interval } from '#core/pace/reservation.ts';
import { MemoryTable } from '../../../src/sim/memory-table.ts';

const nothing: Feedback = { windows: new Map(), ok: 0, failures: 0, answered: false };
const asking = (nowUs: number, spanUs: number, more: Partial<Asking> = {}): Asking => ({
  ...{ nowUs, spanUs, startUs: nowUs + 15_000, latestUs: nowUs + 2_000_000, feedback: nothing },
  ...{ branch: 'append', weight: 1, turns: 'n0', used: { rate: 10, by: 'task', waiting: 7 } },
  ...more,
});

describe('a reservation', () => {
  it('starts an idle timeline a little ahead of now, and appends to a busy one', async () => {
    const table = new MemoryTable();
    const first = await reserve(table, 'h', asking(1_000_000, 100_000, { branch: 'reset' }));
    expect(first).toMatchObject({ kind: 'granted', interval: { fromUs: 1_015_000, untilUs: 1_115_000 } });
    const second = await reserve(table, 'h', asking(1_000_100, 50_000));
    expect(second).toMatchObject({ kind: 'granted', interval: { fromUs: 1_115_000, untilUs: 1_165_000 } });
    expect(second.record.seq).toBe(2);
  });

  it.each(['append', 'reset'] as const)('finds the branch that holds when it tries %s first', async (branch) => {
    const table = new MemoryTable();
    expect(await reserve(table, 'h', asking(1_000_000, 10_000, { branch }))).toMatchObject({ kind: 'granted' });
    expect(await reserve(table, 'h', asking(1_000_000, 10_000, { branch }))).toMatchObject({ kind: 'granted' });
    expect(await reserve(table, 'h', asking(9_000_000, 10_000, { branch }))).toMatchObject({
      kind: 'granted',
      interval: { fromUs: 9_015_000 },
    });
  });

  it('costs one write once the branch is remembered', async () => {
    const table = new MemoryTable();
    let writes = 0;
    const update = table.update.bind(table);
    table.update = (...given) => {
      writes++;
      return update(...given);
    };
    let branch: Asking['branch'] = 'append';
    for (let i = 0; i < 50; i++)
      ({ branch } = await reserve(table, 'h', asking(1_000_000 + i * 1000, 10_000, { branch })));
    expect(writes).toBe(51);
  });

  it('is refused where the timeline is booked beyond the horizon, and leaves no trace', async () => {
    const table = new MemoryTable();
    await reserve(table, 'h', asking(1_000_000, 5_000_000));
    const before = await table.get(paceKey('h'));
    const windows = new Map([[0, { ...emptyWindow, sent: 1, ok: 1 }]]);
    const full = await reserve(table, 'h', asking(1_100_000, 10_000, { feedback: { ...nothing, ok: 1, windows } }));
    expect(full).toMatchObject({ kind: 'refused', record: { bookedUs: 6_015_000, ok: 0 } });
    expect(await table.get(paceKey('h'))).toEqual(before);
  });

  it('is refused once the operator stops the host, on either branch, and granted when he lets it go', async () => {
    const table = new MemoryTable();
    await reserve(table, 'h', asking(1_000_000, 10_000));
    await setOperatorWord(table, 'h', { stop: true });
    for (const branch of ['append', 'reset'] as const)
      for (const nowUs of [1_000_000, 9_000_000])
        expect(await reserve(table, 'h', asking(nowUs, 10_000, { branch }))).toMatchObject({
          kind: 'refused',
          record: { opStop: true },
        });
    await setOperatorWord(table, 'h', { requestsPerSecond: 3 });
    expect(await reserve(table, 'h', asking(9_000_000, 10_000))).toMatchObject({
      kind: 'granted',
      record: { opMax: 3 },
    });
  });

  it('waits for the end of a pause', async () => {
    const table = new MemoryTable();
    await reserve(table, 'h', asking(1_000_000, 10_000));
    expect(await report(table, 'h', { ...nothing, pauseUs: 2_000_000 })).toMatchObject({ pausedUs: 2_000_000 });
    expect(await report(table, 'h', { ...nothing, pauseUs: 1_500_000 })).toMatchObject({ pausedUs: 2_000_000 });
    expect(await reserve(table, 'h', asking(1_200_000, 10_000))).toMatchObject({ interval: { fromUs: 2_000_000 } });
  });

  it('notes a pause that ends before what is booked already', async () => {
    const table = new MemoryTable();
    await reserve(table, 'h', asking(1_000_000, 5_000_000));
    expect(await report(table, 'h', { ...nothing, pauseUs: 3_000_000 })).toMatchObject({
      pausedUs: 3_000_000,
      bookedUs: 6_015_000,
    });
  });

  it('gives back only what nobody has reserved behind', async () => {
    const table = new MemoryTable();
    const { seq } = (await reserve(table, 'h', asking(1_000_000, 100_000))).record;
    expect(await giveBack(table, 'h', 1_115_000, 60_000, seq)).toBe(true);
    expect(await reserve(table, 'h', asking(1_000_000, 10_000))).toMatchObject({ interval: { fromUs: 1_055_000 } });
    expect(await giveBack(table, 'h', 1_055_000, 10_000, seq)).toBe(false);
  });

  it('gives back once, also where somebody has reserved as much again before the same is tried again', async () => {
    const table = new MemoryTable();
    const { seq } = (await reserve(table, 'h', asking(1_000_000, 100_000))).record;
    expect(await giveBack(table, 'h', 1_115_000, 60_000, seq)).toBe(true);
    expect(await reserve(table, 'h', asking(1_000_000, 60_000))).toMatchObject({ interval: { untilUs: 1_115_000 } });
    expect(await giveBack(table, 'h', 1_115_000, 60_000, seq)).toBe(false);
  });
});

describe('no two grants overlap', () => {
  type Step = { wait: number; skew: number; span: number; branch: Asking['branch']; back: number; pause: number };
  const step: fc.Arbitrary<Step> = fc.record({
    wait: fc.integer({ min: 0, max: 400_000 }),
    skew: fc.integer({ min: -50_000, max: 50_000 }),
    span: fc.integer({ min: 1, max: 900_000 }),
    branch: fc.constantFrom<Asking['branch']>('append', 'reset'),
    back: fc.integer({ min: 0, max: 3 }),
    pause: fc.integer({ min: 0, max: 20 }),
  });

  it('whoever asks, by whatever clock, with pauses, and with ends given back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 25 }), async (rounds) => {
        const table = new MemoryTable();
        const used: Interval[] = [];
        let nowUs = 1_000_000_000;
        for (const round of rounds) {
          nowUs += round[0]?.wait ?? 0;
          await Promise.all(round.map((each) => oneStep(table, nowUs, each, used)));
        }
        used.sort((a, b) => a.fromUs - b.fromUs);
        for (const [i, { fromUs }] of used.entries()) expect(fromUs).toBeGreaterThanOrEqual(used[i - 1]?.untilUs ?? 0);
      }),
      { numRuns: 300 },
    );
  });

  async function oneStep(table: MemoryTable, nowUs: number, step: Step, used: Interval[]): Promise<void> {
    const own = nowUs + step.skew;
    if (step.pause === 0) await report(table, 'h', { ...nothing, pauseUs: own + step.span });
    const got = await reserve(table, 'h', asking(own, step.span, { branch: step.branch }));
    if (got.kind === 'refused') return;
    const { fromUs, untilUs } = got.interval;
    const unused = step.back === 0 ? Math.floor(step.span / 2) : 0;
    const isBack = unused > 0 && (await giveBack(table, 'h', untilUs, unused, got.record.seq));
    used.push({ fromUs, untilUs: isBack ? untilUs - unused : untilUs });
  }
});
