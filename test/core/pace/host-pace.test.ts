import { describe, expect, it } from 'vitest';
import { paceKey } from '#core/names.ts';
import { HostPace } from '#core/pace/host-pace.ts';
import { setOperatorWord } from '#core/pace/operator.ts';
import { readRecord } from '#core/pace/record.ts';
import type { Caps } from '#core/pace/caps.ts';
import { MemoryTable } from '../../../src/sim/memory-table.ts';

const HOST = 'host.example';
const T0 = Date.UTC(2026, 10, 26);
const busy = { waiting: 100, free: 8, share: 8 };

/** A table, a clock that is moved by hand, and workers on both. */
function world() {
  const table = new MemoryTable();
  const clock = { ms: T0, now: () => clock.ms };
  const worker = (caps: Partial<Caps> = {}, held: [number, number][] = []): HostPace =>
    new HostPace({ pace: table, clock, chance: () => 0 }, HOST, { requestsPerSecond: 10, adapt: false, ...caps }, held);
  const record = async () => readRecord(await table.get(paceKey(HOST)));
  return { table, clock, worker, record };
}
type World = ReturnType<typeof world>;

/** Takes what may be taken until the time, asking when it is due; the seconds at which requests would have left. */
async function run({ clock }: World, pace: HostPace, untilMs: number, demand = busy): Promise<number[]> {
  const left: number[] = [];
  for (;;) {
    while (pace.slotAt(clock.ms) <= clock.ms) {
      pace.back(pace.take(clock.ms), { kind: 'ok', ms: 50 }, clock.ms);
      left.push(clock.ms - T0);
    }
    const askAt = pace.askAt(clock.ms, demand);
    if (askAt <= clock.ms) await pace.ask(demand);
    const next = Math.min(pace.slotAt(clock.ms), pace.askAt(clock.ms, demand));
    if (next > untilMs) return left;
    clock.ms = Math.max(clock.ms, next);
  }
}

describe('a worker’s hold on a host', () => {
  it('sends at the rate, no sooner and no later', async () => {
    const at = world();
    const left = await run(at, at.worker(), T0 + 10_000);
    expect(left.length).toBeGreaterThanOrEqual(99);
    for (const [i, ms] of left.entries()) if (i > 0) expect(ms - (left[i - 1] ?? 0)).toBeCloseTo(100, 6);
  });

  it('takes more slots at a time than it has lanes free, where its requests are over soon', async () => {
    const at = world();
    const pace = at.worker({ requestsPerSecond: 100 });
    const before = (await at.record()).seq;
    const left = await run(at, pace, T0 + 10_000);
    expect(left.length).toBeGreaterThanOrEqual(995);
    // A round of one second holds a hundred.
    expect((await at.record()).seq - before).toBeLessThan(left.length / 50);
  });

  it('takes slots for what waits soon too, of which a round holds no more than before', async () => {
    const at = world();
    const pace = at.worker({ requestsPerSecond: 100 });
    await run(at, pace, T0 + 1_000);
    at.clock.ms = T0 + 20_000;
    await pace.ask({ ...busy, waiting: 3, soon: 40 });
    const [[from = 0, until = 0] = []] = pace.held(at.clock.ms);
    expect((until - from) / 10).toBeCloseTo(43, 0);
    at.clock.ms = T0 + 40_000;
    await pace.ask({ ...busy, waiting: 3, soon: 4_000 });
    const [[begun = 0, ended = 0] = []] = pace.held(at.clock.ms);
    expect((ended - begun) / 10).toBeLessThanOrEqual(101);
  });

  it('makes one write to begin anew, where it is alone and knows that the time of the host has run out', async () => {
    const at = world();
    const pace = at.worker();
    await run(at, pace, T0 + 2_000);
    const written: boolean[] = [];
    const { update } = at.table;
    at.table.update = async (...given) => {
      const write = await update.apply(at.table, given);
      written.push(write.ok);
      return write;
    };
    at.clock.ms = T0 + 60_000;
    await pace.ask(busy);
    expect(written).toEqual([true]);
    // Somebody else has begun meanwhile: one write fails, and the next one is behind his.
    const other = at.worker();
    at.clock.ms = T0 + 120_000;
    await other.ask(busy);
    written.length = 0;
    await pace.ask(busy);
    expect(written).toEqual([false, true]);
  });

  it('obeys a crawl delay longer than the horizon', async () => {
    const at = world();
    const left = await run(at, at.worker({ crawlDelaySeconds: 60 }), T0 + 300_000);
    expect(left.map((ms) => Math.floor(ms / 1000))).toEqual([0, 60, 120, 180, 240]);
  });

  it('shares the time of the host with others, however they are capped', async () => {
    const at = world();
    const [quick, slow] = [at.worker({ requestsPerSecond: 20 }), at.worker({ requestsPerSecond: 5 })];
    const sent: number[] = [];
    for (let second = 0.1; second <= 20; second += 0.1)
      for (const pace of [quick, slow]) sent.push(...(await run(at, pace, T0 + second * 1000)));
    sent.sort((a, b) => a - b);
    for (const [i, ms] of sent.entries()) if (i > 0) expect(ms - (sent[i - 1] ?? 0)).toBeGreaterThan(49.9);
    expect(sent.length).toBeGreaterThan(160);
  });

  it('asks nothing of the table when there is nothing to do', () => {
    const { worker, clock } = world();
    expect(worker().askAt(clock.ms, { waiting: 0, free: 8, share: 8 })).toBe(Infinity);
  });

  it('hands what it holds to whoever resumes, without a write', async () => {
    const at = world();
    const first = at.worker();
    await run(at, first, T0 + 2_000);
    await first.ask(busy);
    const held = first.held(at.clock.ms);
    expect(held.length).toBeGreaterThan(0);
    const before = await at.record();
    const second = at.worker({}, held);
    expect(second.slotAt(at.clock.ms)).toBeCloseTo(first.slotAt(at.clock.ms), 3);
    expect(await at.record()).toEqual(before);
  });

  it('gives back what it does not use', async () => {
    const at = world();
    const pace = at.worker();
    await run(at, pace, T0 + 5_000);
    await pace.close();
    const { bookedUs = 0 } = await at.record();
    expect(bookedUs / 1000).toBeLessThan(at.clock.ms + 101);
    expect(pace.slotAt(at.clock.ms)).toBe(Infinity);
  });

  it('gives up slots that it has missed instead of making up for them', async () => {
    const at = world();
    const pace = at.worker();
    await run(at, pace, T0 + 3_000);
    await pace.ask(busy);
    at.clock.ms += 700;
    const late: number[] = [];
    while (pace.slotAt(at.clock.ms) <= at.clock.ms) {
      pace.take(at.clock.ms);
      late.push(at.clock.ms);
    }
    expect(late.length).toBeLessThanOrEqual(3);
  });

  it('loses no answer to a write that fails', async () => {
    const at = world();
    const pace = at.worker({ adapt: true });
    await run(at, pace, T0 + 1_000);
    pace.back(pace.take(pace.slotAt(at.clock.ms)), { kind: 'error' }, at.clock.ms);
    const update = at.table.update.bind(at.table);
    at.table.update = () => Promise.reject(new Error('throttled'));
    await expect(pace.ask(busy)).rejects.toThrow('throttled');
    at.table.update = update;
    const before = await at.record();
    await pace.ask({ ...busy, waiting: 0 });
    const after = await at.record();
    expect(after.ok + after.window.errors).toBeGreaterThan(before.ok + before.window.errors);
  });
});

describe('a host’s word to wait', () => {
  it('frees nobody’s slot before its end, whoever heard it', async () => {
    const at = world();
    const [heard, other] = [at.worker(), at.worker()];
    for (let ms = 100; ms <= 3000; ms += 100) for (const pace of [heard, other]) await run(at, pace, T0 + ms);
    const slot = heard.slotAt(at.clock.ms);
    at.clock.ms = Math.max(at.clock.ms, Math.min(slot, at.clock.ms + 500));
    const ticket = slot < Infinity ? heard.take(at.clock.ms) : { epoch: 0, at: 0 };
    heard.back(ticket, { kind: 'limited', retryAfterMs: 20_000 }, at.clock.ms);
    const until = at.clock.ms + 20_000;
    expect(heard.slotAt(at.clock.ms)).toBe(Infinity);
    expect(heard.askAt(at.clock.ms, busy)).toBeLessThanOrEqual(at.clock.ms);
    await heard.ask(busy);
    expect(await at.record()).toMatchObject({ pausedUs: until * 1000 });
    await other.ask(busy);
    expect(other.blocked(at.clock.ms)).toEqual({ why: 'paused', untilMs: until });
    const left = await run(at, other, until + 1_000);
    expect(left[0]).toBeGreaterThanOrEqual(until - T0);
  });
});

describe('an operator’s stop', () => {
  it('voids what is held with the next look, and is asked about again', async () => {
    const at = world();
    const pace = at.worker();
    await run(at, pace, T0 + 3_000);
    await setOperatorWord(at.table, HOST, { stop: true });
    const left = await run(at, pace, T0 + 30_000);
    expect(left.at(-1) ?? 0).toBeLessThan(15_000);
    expect(pace.blocked(at.clock.ms)).toMatchObject({ why: 'stopped' });
    await setOperatorWord(at.table, HOST, {});
    expect((await run(at, pace, T0 + 60_000)).length).toBeGreaterThan(100);
  });
});
