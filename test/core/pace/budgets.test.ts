import { describe, expect, it } from 'vitest';
import { paceKey } from '#core/names.ts';
import { Budgets, BudgetsShare } from '#core/pace/budgets.ts';
import { readRecord } from '#core/pace/record.ts';
import { MemoryTable } from '../../../src/sim/memory-table.ts';

const HOST = 'a.example';
const OTHER = 'b.example';
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const page = (host: string): string => `https://${host}/1`;

function world(held: Record<string, [number, number][]> = {}) {
  const table = new MemoryTable();
  const clock = { ms: Date.UTC(2026, 10, 27), now: () => clock.ms, sleep: () => Promise.resolve() };
  const none = { loadDomainOf: () => Promise.resolve(String), addressOf: () => Promise.resolve(undefined) };
  const ports = { pace: table, clock, chance: () => 0, ...none };
  const pace = { requestsPerSecond: 10, concurrency: 8, adapt: false };
  let touches = 0;
  const budgets = new Budgets(ports, { tenant: 'acme', pace, held, onTouch: () => touches++ });
  const record = async (host: string) => readRecord(await table.get(paceKey(host)));
  return { budgets, clock, record, touches: () => touches };
}
const busy = { waiting: 100, free: 8, share: 8 };

describe('sessions of one worker', () => {
  it('have one budget for a host, and one hold on its record', async () => {
    const { budgets, record, clock } = world();
    const [one, two] = [new BudgetsShare(budgets), new BudgetsShare(budgets)];
    const budget = await one.of(page(HOST));
    expect(await two.of(page(HOST))).toBe(budget);
    await budget.ask(busy);
    expect((await record(HOST)).seq).toBe(1);
    expect(budget.slotAt(clock.ms)).toBeLessThan(Infinity);
  });
  it('give back what is not used when the last of them has left', async () => {
    const { budgets, record } = world();
    const [one, two] = [new BudgetsShare(budgets), new BudgetsShare(budgets)];
    const budget = await one.of(page(HOST));
    await two.of(page(HOST));
    await budget.ask(busy);
    const booked = (await record(HOST)).bookedUs ?? 0;
    await one.closeUnless(() => false, log);
    expect((await record(HOST)).bookedUs).toBe(booked);
    await two.closeUnless(() => false, log);
    expect((await record(HOST)).bookedUs).toBeLessThan(booked);
    expect(await two.of(page(HOST))).not.toBe(budget);
  });
  it('take over what another has before it leaves, and keep that of their own hosts', async () => {
    const { budgets } = world();
    const one = new BudgetsShare(budgets);
    const [budget, unused] = [await one.of(page(HOST)), await one.of(page(OTHER))];
    const two = one.another();
    expect(one.leave()).toEqual([]);
    await two.closeUnless((host) => host === HOST, log);
    expect(await two.of(page(HOST))).toBe(budget);
    expect(await two.of(page(OTHER))).not.toBe(unused);
  });
  it('use slots that a parked shard has kept once', async () => {
    const { budgets, clock } = world({ [HOST]: [[Date.UTC(2026, 10, 27), Date.UTC(2026, 10, 27) + 100]] });
    const share = new BudgetsShare(budgets);
    expect((await share.of(page(HOST))).slotAt(clock.ms)).toBe(clock.ms);
    share.leave();
    expect((await share.of(page(HOST))).slotAt(clock.ms)).toBe(Infinity);
  });
});

it('a pace table out of reach is told of and stops nobody', async () => {
  const { budgets } = world();
  const share = new BudgetsShare(budgets);
  const budget = await share.of(page(HOST));
  budget.close = () => Promise.reject(new Error('no table'));
  const warned: unknown[] = [];
  await share.closeUnless(() => false, { ...log, warn: (...told) => warned.push(told) });
  expect(warned).toEqual([['pace not told', { error: 'Error: no table' }]]);
});
