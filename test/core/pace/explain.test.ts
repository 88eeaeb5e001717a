import { describe, expect, it } from 'vitest';
import { viewOf } from '#core/pace/explain.ts';
import { fresh, readRecord, type Control, type HostRecord } from '#core/pace/record.ts';

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);
const record = (control: Partial<Control>, more: Partial<HostRecord> = {}): HostRecord => ({
  ...{
    ...readRecord(undefined),
    control: { ...fresh, epoch: 3, rate: 48, capacity: 50, whyUs: NOW * 1000, ...control },
  },
  ...more,
});

describe('a host in words', () => {
  it.each<[Partial<Control>, string]>([
    [{ why: 'new', whyValue: 2 }, 'nothing is known of it yet: 2 requests per second'],
    [{ why: 'refused', whyValue: 0.0512 }, 'it refused 5.1 % of the requests'],
    [{ why: 'latency', whyValue: 1.456 }, 'its answers took 1.46 times as long as usual'],
    [{ why: 'wall', whyValue: 49.9 }, 'it let nobody in for a while; it accepts 49.9 requests per second'],
    [{ why: 'open', whyValue: 12 }, 'it did not answer 12 times in a row'],
  ])('%o', (control, because) => {
    expect(viewOf(record(control), NOW)).toMatchObject({
      why: control.why,
      because,
      since: '2026-11-26T12:00:00.000Z',
    });
  });

  it('tells the rate at which it is asked and whose word that is', () => {
    const used = { rate: 5, by: 'task', waiting: 120 };
    expect(viewOf(record({}, { used }), NOW)).toMatchObject({
      requestsPerSecond: 5,
      limitedBy: 'task',
      waiting: 120,
      capacity: 50,
    });
  });

  it('tells the operator’s word, and that nothing leaves', () => {
    expect(viewOf(record({}, { opMax: 2 }), NOW)).toMatchObject({
      ...{ requestsPerSecond: 2, why: 'operator', because: 'the operator caps it: 2 requests per second' },
      operator: { requestsPerSecond: 2, stop: false },
    });
    expect(viewOf(record({}, { opMax: 99 }), NOW)).toMatchObject({ requestsPerSecond: 48, why: 'new' });
    expect(viewOf(record({}, { opStop: true }), NOW)).toMatchObject({ requestsPerSecond: 0, why: 'stopped' });
    expect(viewOf(record({ phase: 'open', why: 'open' }), NOW)).toMatchObject({ requestsPerSecond: 0 });
  });

  it('tells pauses and bookings that lie ahead only', () => {
    const [ahead, past] = [(NOW + 1000) * 1000, (NOW - 1000) * 1000];
    const view = viewOf(record({}, { pausedUs: ahead, bookedUs: ahead }), NOW);
    expect(view).toMatchObject({ pausedUntil: '2026-11-26T12:00:01.000Z', bookedUntil: '2026-11-26T12:00:01.000Z' });
    const later = viewOf(record({}, { pausedUs: past, bookedUs: past }), NOW);
    expect(later).not.toHaveProperty('pausedUntil');
    expect(later).not.toHaveProperty('bookedUntil');
  });
});
