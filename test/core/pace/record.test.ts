import { describe, expect, it } from 'vitest';
import { paceKey } from '#core/names.ts';
import { setOperatorWord } from '#core/pace/operator.ts';
import { controlChange, feedbackChange, fresh, readRecord, type Control, type Window } from '#core/pace/record.ts';
import { report } from '#core/pace/reservation.ts';
import { MemoryTable } from '../../../src/sim/memory-table.ts';

const window = (sent: number): Window => ({
  ...{ sent, ok: sent, limited: 0, errors: 0 },
  ...{ timed: sent, logs: sent * 5298, squares: sent * 28_072 },
});

describe('a host’s record', () => {
  it('is read back as it was written', async () => {
    const table = new MemoryTable();
    const control: Control = {
      ...fresh,
      epoch: 7,
      phase: 'probe',
      rate: 12.345678,
      capacity: 12,
      why: 'probe',
      whyUs: 9,
    };
    await table.update(paceKey('h'), controlChange(control));
    expect(readRecord(await table.get(paceKey('h')))).toMatchObject({
      control,
      window: window(0),
      bookedUs: undefined,
    });
  });

  it('keeps the answers of an epoch apart from those of the one before', async () => {
    const table = new MemoryTable();
    const key = paceKey('h');
    await table.update(key, controlChange({ ...fresh, epoch: 4 }));
    await table.update(key, { add: feedbackChange([[4, window(3)]]) });
    await table.update(key, controlChange({ ...fresh, epoch: 5 }));
    await table.update(key, {
      add: feedbackChange([
        [4, window(10)],
        [5, window(2)],
      ]),
    });
    expect(readRecord(await table.get(key)).window).toEqual(window(2));
  });

  it('stays under one kilobyte with the longest numbers and a long name', async () => {
    const table = new MemoryTable();
    const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
    const longest = { ...fresh } as Record<keyof Control, unknown>;
    for (const name of Object.keys(fresh) as (keyof Control)[])
      if (typeof longest[name] === 'number')
        longest[name] = name.endsWith('Us') ? 1_795_651_200_123_456 : 98_765.432109;
    const control = { ...(longest as Control), epoch: 98_765_432 };
    for (const epoch of [0, 1, 2])
      await table.update(paceKey(host), controlChange({ ...control, epoch: control.epoch + epoch }));
    await table.update(paceKey(host), { add: feedbackChange([0, 1, 2].map((epoch) => [epoch, window(987_654)])) });
    await setOperatorWord(table, host, { requestsPerSecond: 0.123456, stop: true });
    const all = { windows: new Map(), ok: 123_456_789, failures: 12_345, answered: false };
    const advice = { rate: 12.345678, untilUs: 1_795_651_200_123_456 };
    await report(table, host, { ...all, advice, pauseUs: 1_795_651_200_123_456 });
    const turns = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`n${String(i)}`, 123_456_789]));
    const used = { ur: 98_765.432, ub: 'operator', uw: 1_000_000 };
    await table.update(paceKey(host), { set: used, add: { ...turns, seq: 123_456_789, sw: 123_456_789.123 } });
    const item = (await table.get(paceKey(host))) ?? {};
    expect(sizeOf(item)).toBeLessThan(1024);
  });
});

/** By DynamoDB's rule: names and texts by their bytes, a number by a byte for each two digits and one more. */
function sizeOf(item: object): number {
  const digits = (value: number): number => String(value).replace(/\D/g, '').length;
  return Object.entries(item).reduce(
    (sum, [name, value]) =>
      sum + name.length + (typeof value === 'number' ? Math.ceil(digits(value) / 2) + 1 : String(value).length),
    0,
  );
}
