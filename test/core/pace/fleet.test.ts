/** A host's pace over a whole fleet: workers, queue and planner on ports in memory, in virtual time. */
import { describe, expect, it } from 'vitest';
import type { Caller } from '#core/operations.ts';
import { UNBOUNDED } from '#core/quotas.ts';
import { MemoryWorld, START, caller, task, type Answer } from '#support/memory-world.ts';
import { ok, outcome, urls } from '#support/run-outcome.ts';

const FAST = { requestsPerSecond: 500, concurrency: 32, adapt: true };
const STUBBORN = { attempts: 10, baseSeconds: 1, maxSeconds: 30 };
const OPERATOR: Caller = { tenant: 'ops', keyId: 'k2', scopes: ['read', 'write', 'admin'] };

const between = (world: MemoryWorld, from: number, until: number): number[] =>
  world.requests.map(({ at }) => at - START).filter((at) => at >= from && at < until);
const worstSecond = (times: number[]): number =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));

describe('Retry-After', () => {
  it.each([
    ['seconds', () => '20'],
    ['a date', (at: number) => new Date(Math.ceil((at + 20_000) / 1_000) * 1_000).toUTCString()],
  ])('in %s closes the host for every worker until then', async (_, retryAfter) => {
    const world = await new MemoryWorld().open();
    let closedAt = Infinity;
    world.web = (_request, at) => {
      if (world.requests.length < 40) return { ms: 50 };
      closedAt = Math.min(closedAt, at);
      const isClosed = at < closedAt + 20_000;
      return isClosed ? { status: 429, headers: { 'retry-after': retryAfter(closedAt) }, ms: 5 } : { ms: 50 };
    };
    // Two lanes: two workers at a time.
    const pace = { ...FAST, concurrency: 64 };
    const source = { urls: urls(2_000) };
    const runId = await world.startRun(task({ source, pace, retry: STUBBORN }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const closed = closedAt - START;
    // What was on its way when the first of the two heard of it may arrive; then nobody asks.
    expect(between(world, closed + 1_000, closed + 20_000)).toEqual([]);
    expect(between(world, closed, closed + 1_000).length).toBeLessThan(20);
  });

  it('on one page holds for that page and not for its host', async () => {
    const world = await new MemoryWorld().open();
    let isFirst = true;
    world.web = ({ url }) => {
      if (!url.endsWith('/7') || !isFirst) return {};
      isFirst = false;
      return { status: 503, headers: { 'retry-after': '3' } };
    };
    const runId = await world.startRun(task({ source: { urls: urls(60) }, pace: { ...FAST, adapt: false } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const [first = 0, second = 0] = world.requests.filter(({ url }) => url.endsWith('/7')).map(({ at }) => at);
    expect(second - first).toBeGreaterThanOrEqual(3_000);
    expect(world.requests.filter(({ at, url }) => at < second && !url.endsWith('/7'))).toHaveLength(59);
  });
});

describe('a host that answers 429 above ten requests a second', () => {
  const LIMIT = 10;
  it('is found out, and then asked no faster, with next to no refusals', async () => {
    const world = await new MemoryWorld().open();
    let [tokens, filledAt] = [LIMIT / 2, START];
    const refused: number[] = [];
    world.web = (_request, at): Answer => {
      tokens = Math.min(LIMIT / 2, tokens + ((at - filledAt) / 1_000) * LIMIT);
      filledAt = at;
      if (tokens >= 1) {
        tokens--;
        return { ms: 100 };
      }
      refused.push(at - START);
      return { status: 429, ms: 20 };
    };
    const runId = await world.startRun(task({ source: { urls: urls(900) }, pace: FAST, retry: STUBBORN }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const last = between(world, 0, Infinity).at(-1) ?? 0;
    const later = between(world, 30_000, last - 5_000);
    expect(worstSecond(later)).toBeLessThanOrEqual(LIMIT + 1);
    expect(later.length / ((last - 35_000) / 1_000)).toBeGreaterThan(0.85 * LIMIT);
    expect(refused.filter((at) => at >= 30_000).length).toBeLessThanOrEqual(0.03 * later.length);
  });
});

describe('a host that dies', () => {
  it('is left alone while it is dead, and all is collected when it is back', async () => {
    const world = await new MemoryWorld().open();
    const [diesMs, backMs] = [6_000, 126_000];
    world.web = ({ url, timeoutMs }, at) => {
      const isDead = at >= START + diesMs && at < START + backMs;
      if (!isDead) return { ms: 50 };
      return { ok: false, reason: 'timeout', detail: 'no answer', finalUrl: url, ms: timeoutMs };
    };
    const base = task({ source: { urls: urls(400) }, pace: FAST, retry: STUBBORN });
    const runId = await world.startRun({ ...base, fetch: { ...base.fetch, timeoutSeconds: 3 } });
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const { run } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ collected: 400, failed: 0 });
    // Those in flight when it died, and then one now and again.
    expect(between(world, diesMs + 10_000, backMs).length).toBeLessThan(20);
    // It is noticed within the longest wait of the breaker that it has come to.
    expect(between(world, backMs, backMs + 70_000).length).toBeGreaterThan(1);
  });
});

describe('a word on a host in the middle of a run', () => {
  type Say = (world: MemoryWorld, isOver: boolean) => Promise<unknown>;
  const wordOf =
    (by: Caller, word: { requestsPerSecond: number } | { stop: true }, host = 'a.example'): Say =>
    (world, isOver) =>
      isOver ? world.service.deleteHost(by, host) : world.service.putHost(by, host, word);

  /** Says it after so many requests, and takes it back 300 s later. */
  async function runWith(say: Say, group: 'host' | 'domain' = 'host') {
    const world = await new MemoryWorld().open();
    await world.addTenant('ops', { permissions: ['operator'] });
    let saidAt = Infinity;
    world.web = () => {
      if (world.requests.length >= 100 && saidAt === Infinity) {
        saidAt = world.clock.now();
        void say(world, false);
        world.clock.at(saidAt + 300_000, () => void say(world, true));
      }
      return { ms: 50 };
    };
    const pace = { requestsPerSecond: 20, concurrency: 8, adapt: false, group };
    const source = {
      urls: group === 'host' ? urls(1_500) : [...urls(750, 'b.a.example'), ...urls(750, 'a.a.example')],
    };
    const runId = await world.startRun(task({ source, pace }));
    const state = await world.play(runId);
    return { world, state, said: saidAt - START };
  }

  it.each([
    ['operator', OPERATOR],
    ['tenant', caller],
  ])('of the %s: a stop lets nothing leave a minute later, and a clear lets all go on', async (_, by) => {
    const { world, state, said } = await runWith(wordOf(by, { stop: true }));
    expect(state).toBe('SUCCEEDED');
    expect(between(world, said + 60_000, said + 300_000)).toEqual([]);
    // A parked shard looks every 45 s, and may look in the moment in which the word is taken back.
    expect(between(world, said + 300_000, said + 400_000).length).toBeGreaterThan(100);
    expect(new Set(world.requests.map(({ url }) => url)).size).toBe(1_500);
  });

  it.each([
    ['operator', OPERATOR],
    ['tenant', caller],
  ])('of the %s: a cap holds a minute later', async (_, by) => {
    const { world, state, said } = await runWith(wordOf(by, { requestsPerSecond: 2 }));
    expect(state).toBe('SUCCEEDED');
    const capped = between(world, said + 60_000, said + 300_000);
    expect(worstSecond(capped)).toBeLessThanOrEqual(3);
    expect(capped.length).toBeGreaterThan(0.9 * 2 * 240);
    expect(capped.length).toBeLessThanOrEqual(2 * 240 + 1);
  });

  it.each([
    ['host', wordOf(OPERATOR, { requestsPerSecond: 2 }, 'a.a.example')],
    ['group', wordOf(OPERATOR, { requestsPerSecond: 2 }, 'a.example')],
  ])('of the operator on a %s of a budget by domain: neither host nor group is faster', async (_, say) => {
    const { world, state, said } = await runWith(say, 'domain');
    expect(state).toBe('SUCCEEDED');
    const capped = between(world, said + 60_000, said + 300_000);
    expect(worstSecond(capped)).toBeLessThanOrEqual(3);
    expect(capped.length).toBeGreaterThan(0.9 * 2 * 240);
    expect(capped.length).toBeLessThanOrEqual(2 * 240 + 1);
  });

  it('of the operator on one host of a group: a stop lets nothing leave to it, and is shown', async () => {
    const stop = wordOf(OPERATOR, { stop: true }, 'a.a.example');
    const seen: unknown[] = [];
    const { world, state, said } = await runWith(async (world, isOver) => {
      if (isOver) seen.push(ok(await world.service.getHost(caller, 'a.a.example')));
      return stop(world, isOver);
    }, 'domain');
    expect(state).toBe('SUCCEEDED');
    const asked = world.requests.filter(({ at }) => at - START >= said + 60_000 && at - START < said + 300_000);
    expect(asked.filter(({ url }) => url.includes('//a.a.'))).toEqual([]);
    expect(seen).toMatchObject([
      { budget: 'a.example', requestsPerSecond: 0, why: 'stopped', operator: { stop: true } },
    ]);
  });

  it('a cap that the operator gives a tenant for every host holds a minute later, and is taken away again', async () => {
    const { world, state, said } = await runWith(async ({ service }, isOver) => {
      const all = { permissions: [], allowAddresses: [], weight: 1, quotas: UNBOUNDED };
      return service.replaceTenant(OPERATOR, 'acme', { ...all, ...(!isOver && { hostRequestsPerSecond: 2 }) });
    });
    expect(state).toBe('SUCCEEDED');
    const capped = between(world, said + 60_000, said + 300_000);
    expect(worstSecond(capped)).toBeLessThanOrEqual(3);
    expect(capped.length).toBeGreaterThan(0.9 * 2 * 240);
    expect(between(world, said + 322_000, said + 330_000).length).toBeGreaterThan(100);
  });
});

describe('what has one budget', () => {
  it.each([
    ['domain', ['a.example', 'b.a.example', 'c.a.example'], 1],
    ['address', ['a.example', 'b.example', 'c.example'], 2],
    ['host', ['a.example', 'b.a.example', 'c.a.example'], 3],
  ] as const)('by %s', async (group, hosts, budgets) => {
    const world = await new MemoryWorld().open();
    for (const host of hosts) world.addresses.set(host, host === 'c.example' ? '192.0.2.2' : '192.0.2.1');
    const pace = { requestsPerSecond: 4, concurrency: 8, adapt: false, group };
    const source = { urls: hosts.flatMap((host) => urls(20, host)) };
    const runId = await world.startRun(task({ source, pace }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const times = world.requests.map(({ at }) => at - START);
    const rate = (times.length - 1) / ((Math.max(...times) - Math.min(...times)) / 1_000);
    if (group !== 'address') expect(Math.round(rate / 4)).toBe(budgets);
    // Two of the three share an address: they take twice as long as the third.
    else expect(rate).toBeLessThan(4 * 1.6);
  });

  it('robots.txt slows it down: the longer of the task’s interval and the crawl delay holds', async () => {
    const world = await new MemoryWorld().open();
    world.robots = () => ({ kind: 'allowed', crawlDelaySeconds: 2 });
    const runId = await world.startRun(task({ source: { urls: urls(10) }, pace: { ...FAST, adapt: false } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const times = world.requests.map(({ at }) => at);
    for (const [i, at] of times.entries()) if (i > 0) expect(at - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(1_700);
    expect(ok(await world.service.getHost(caller, 'a.example'))).toMatchObject({ crawlDelaySeconds: 2 });
  });
});
