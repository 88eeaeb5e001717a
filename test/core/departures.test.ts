import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PendingTarget } from '#core/open-targets.ts';
import { Budget, type Turn } from '#core/pace/budget.ts';
import { fresh } from '#core/target.ts';
import { Departures, type Acts } from '#core/work/departures.ts';
import { HostQueue } from '#core/work/host-queue.ts';
import { MemoryTable } from '../../src/sim/memory-table.ts';

const SLOTS = 16;
const RATE = 1_000;
const target = (index: number): PendingTarget => ({ url: `https://a.example/${String(index)}`, index, state: fresh });

interface Host {
  waiting: number;
  share: number;
  latencyMs: number;
}

/** Hosts of one worker that share its slots, and its one budget where they are a group; `run` is a session's loop, which looks again at every answer. */
function world(hosts: Host[], isOneBudget = false) {
  const table = new MemoryTable();
  const clock = { ms: Date.UTC(2026, 10, 27), now: () => clock.ms, sleep: () => Promise.resolve() };
  const ports = { pace: table, clock, chance: () => 0 };
  const budgetOf = (name: string): Budget =>
    new Budget(ports, name, { requestsPerSecond: RATE, adapt: false, tenant: 'acme' }, [], () => 0);
  const ofAll = budgetOf('a.example');
  const departures = new Departures();
  const queues = hosts.map(({ waiting, share }, i) => {
    const host = new HostQueue(`${String(i)}.example`, share);
    host.budget = isOneBudget ? ofAll : budgetOf(host.host);
    host.gate = 'open';
    for (let at = 0; at < waiting; at++) host.add(target(at), clock.ms);
    departures.add(host);
    return host;
  });
  const flying: { host: HostQueue; turn: Turn; endsAt: number; ms: number }[] = [];
  const asking: Promise<void>[] = [];
  const acts: Acts = {
    slots: () => SLOTS,
    room: () => SLOTS - flying.length,
    start: (host, _target, turn) => {
      const ms = hosts[queues.indexOf(host)]?.latencyMs ?? 0;
      host.inFlight++;
      flying.push({ host, turn, endsAt: clock.ms + ms, ms });
      flying.sort((a, b) => a.endsAt - b.endsAt);
    },
    ask: (budget, demand) => void asking.push(budget.ask(demand)),
  };
  /** Until nothing waits, or nothing more can happen before `ms` are over. */
  const run = async (ms: number): Promise<number> => {
    const from = clock.ms;
    while (queues.some(({ waiting }) => waiting > 0) && clock.ms < from + ms) {
      const { wakeAt } = departures.go(clock.ms, acts);
      if (asking.length > 0) {
        await Promise.all(asking.splice(0));
        continue;
      }
      clock.ms = Math.min(Math.max(clock.ms, Math.min(wakeAt, flying[0]?.endsAt ?? Infinity)), from + ms);
      const landed = flying[0] && flying[0].endsAt <= clock.ms ? flying.shift() : undefined;
      if (landed === undefined) continue;
      landed.host.inFlight--;
      landed.turn.back({ kind: 'ok', ms: landed.ms });
    }
    return clock.ms - from;
  };
  return { queues, run };
}

it('a host is looked at again when others leave it the room that it waits for', async () => {
  // The first takes all room at first, so that the second could ask for too few slots; nothing of its own is under way then.
  const { queues, run } = world([
    { waiting: 400, share: SLOTS, latencyMs: 30 },
    { waiting: 100, share: SLOTS, latencyMs: 5 },
  ]);
  expect(await run(60_000)).toBeLessThan(2_000);
  expect(queues.map(({ waiting }) => waiting)).toEqual([0, 0]);
});

it('a group of hosts is asked for, however many lanes its hosts have between them', async () => {
  const { queues, run } = world(
    Array.from({ length: 40 }, () => ({ waiting: 10, share: 4, latencyMs: 5 })),
    true,
  );
  expect(await run(60_000)).toBeLessThan(2_000);
  expect(queues.every(({ waiting }) => waiting === 0)).toBe(true);
});

it('all that waits leaves about as soon as the pace allows, however many hosts share the slots', async () => {
  const host = fc.record({
    waiting: fc.integer({ min: 0, max: 300 }),
    share: fc.integer({ min: 1, max: SLOTS }),
    latencyMs: fc.integer({ min: 1, max: 50 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(host, { minLength: 1, maxLength: 12 }), fc.boolean(), async (hosts, isOneBudget) => {
      const { queues, run } = world(hosts, isOneBudget);
      const all = hosts.reduce((sum, { waiting }) => sum + waiting, 0);
      const needed = Math.max(
        ...hosts.map(({ waiting, share, latencyMs }) =>
          Math.max((isOneBudget ? all : waiting) * (1000 / RATE), (waiting * latencyMs) / share),
        ),
      );
      const shared = hosts.reduce((sum, { waiting, latencyMs }) => sum + waiting * latencyMs, 0) / SLOTS;
      expect(await run(600_000)).toBeLessThan(4 * (needed + shared) + 2_000);
      expect(queues.every(({ waiting }) => waiting === 0)).toBe(true);
    }),
    { numRuns: 60 },
  );
});
