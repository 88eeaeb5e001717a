/** Hosts in trouble and operators in haste, in virtual time: what leaves, second by second. */
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '#core/verdict.ts';
import { readHost, setOperatorWord } from '#core/pace/operator.ts';
import { viewOf } from '#core/pace/explain.ts';
import { Lab } from '../../src/sim/pace/lab.ts';
import { PaceWorker } from '../../src/sim/pace/worker.ts';
import type { Reply } from '../../src/sim/pace/origin.ts';

const HOST = 'host.example';

/** Two workers at one host that answers as it is told; `sent` are the seconds at which requests left. */
function fleet(answer: (second: number) => Reply, caps = { requestsPerSecond: 20, adapt: true }) {
  const lab = new Lab('trouble');
  const sent: number[] = [];
  const send = (): Reply => {
    sent.push(lab.second);
    return answer(lab.second);
  };
  for (const name of ['a', 'b']) new PaceWorker(lab, { name, caps, concurrency: 16, skewMs: 0, lateMs: 1, send });
  const between = (from: number, to: number): number => sent.filter((at) => at >= from && at < to).length;
  const view = async () => {
    const seen = readHost(lab.table, HOST);
    await lab.run(lab.second + 1);
    const record = await seen;
    if (record === undefined) throw new Error('there is no record');
    return viewOf(record, lab.clock.now());
  };
  /** A write by somebody else, which takes as long as one does. */
  const during = async (write: Promise<unknown>): Promise<void> => {
    await lab.run(lab.second + 1);
    await write;
  };
  return { lab, sent, between, view, during };
}
const ok: Reply = { kind: 'ok', ms: 100 };

describe('Retry-After', () => {
  const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);

  it.each([
    ['seconds', '30'],
    ['a date', 'Thu, 26 Nov 2026 12:00:30 GMT'],
  ])('given as %s keeps everybody away until then', async (_, header) => {
    const wait = retryAfterMs(header, NOW) ?? 0;
    const { lab, between, view } = fleet((second) =>
      second >= 60 && second < 89.5 ? { kind: 'limited', ms: 50, retryAfterMs: wait } : ok,
    );
    await lab.run(70);
    expect(await view()).toMatchObject({ why: 'wall' });
    await lab.run(130);
    expect(between(40, 60)).toBeGreaterThan(300);
    // A refusal arrives after 50 ms, and the other worker hears of it with its own or with its next look at the record.
    expect(between(60.3, 90)).toBe(0);
    expect(between(92, 130)).toBeGreaterThan(300);
  });
});

describe('a storm of refusals without a word', () => {
  it('is left within seconds, and the way back is found', async () => {
    const { lab, between } = fleet((second) => (second >= 60 && second < 120 ? { kind: 'limited', ms: 50 } : ok));
    await lab.run(300);
    expect(between(50, 60)).toBeGreaterThan(150);
    expect(between(60, 70)).toBeLessThan(60);
    expect(between(70, 120)).toBeLessThan(60);
    expect(between(240, 300)).toBeGreaterThan(600);
  });
});

describe('a host that dies and comes back', () => {
  const dead: Reply = { kind: 'silent', ms: 2_000 };

  it.each([true, false])('is tried by single requests, and asked again when it answers (adapt: %s)', async (adapt) => {
    const { lab, between, view } = fleet((second) => (second >= 60 && second < 200 ? dead : ok), {
      requestsPerSecond: 20,
      adapt,
    });
    await lab.run(90);
    expect(await view()).toMatchObject({ why: 'open', requestsPerSecond: 0 });
    await lab.run(420);
    expect(between(40, 60)).toBeGreaterThan(300);
    // Until silence is noticed by time-outs of two seconds it goes on.
    expect(between(66, 200)).toBeLessThan(30);
    expect(between(66, 200)).toBeGreaterThan(1);
    expect(between(360, 420)).toBeGreaterThan(900);
  });
});

describe('the operator', () => {
  it.each([true, false])('caps a host in mid-run, and lets it go (adapt: %s)', async (adapt) => {
    const { lab, between, view, during } = fleet(() => ok, { requestsPerSecond: 20, adapt });
    await lab.run(60);
    await during(setOperatorWord(lab.table, HOST, { requestsPerSecond: 2 }));
    await lab.run(119);
    expect(await view()).toMatchObject({ why: 'operator', operator: { requestsPerSecond: 2, stop: false } });
    await lab.run(180);
    await during(setOperatorWord(lab.table, HOST, {}));
    await lab.run(300);
    expect(between(120, 180)).toBeLessThanOrEqual(121);
    expect(between(120, 180)).toBeGreaterThan(110);
    expect(between(240, 300)).toBeGreaterThan(1000);
  });

  it.each([true, false])('stops a host in mid-run, and lets it go (adapt: %s)', async (adapt) => {
    const { lab, between, view, during } = fleet(() => ok, { requestsPerSecond: 20, adapt });
    await lab.run(60);
    await during(setOperatorWord(lab.table, HOST, { stop: true }));
    await lab.run(119);
    expect(await view()).toMatchObject({ why: 'stopped', requestsPerSecond: 0 });
    await lab.run(600);
    await during(setOperatorWord(lab.table, HOST, {}));
    await lab.run(720);
    expect(between(40, 60)).toBeGreaterThan(300);
    expect(between(120, 600)).toBe(0);
    expect(between(660, 720)).toBeGreaterThan(900);
  });
});
