/** What runs used, what that costs by the price table, and when a run has cost enough. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRICES } from '#core/prices.ts';
import { charge, costByService, costUsd, daysBetween, readUsage, sumUsage, USED, type Usage } from '#core/usage.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';
import { ok, urls } from '#support/run-outcome.ts';

const amounts = fc.record(Object.fromEntries(USED.map((used) => [used, fc.nat(1_000_000_000)])), {
  requiredKeys: [],
}) as fc.Arbitrary<Usage>;

describe('costs', () => {
  it('are those of a million pages as they were reckoned by hand', () => {
    // 2,000 shards at 60 pages/s in 1 GB, two commits each: the cost model's 0.28 US dollars.
    const usage = {
      lambdaGbMs: 16_667_000,
      lambdaRequests: 2_000,
      queueRequests: 6_000,
      tableWrites: 54_000,
      objectPuts: 4_000,
      transitions: 10,
    };
    expect(costByService(usage)).toEqual({ lambda: 0.222627778, dynamodb: 0.03375, s3: 0.02, sqs: 0.0024, stepFunctions: 0.00025 }); // prettier-ignore
    expect(costUsd(usage)).toBeCloseTo(0.279, 3);
  });

  it('are the sum of the services, grow with every use, and add up', () => {
    fc.assert(
      fc.property(amounts, amounts, (one, other) => {
        const services = Object.values(costByService(one)).reduce((sum, each) => sum + each, 0);
        expect(costUsd(one)).toBeCloseTo(services, 6);
        expect(costUsd(sumUsage([one, other]))).toBeCloseTo(costUsd(one) + costUsd(other), 6);
      }),
    );
    expect(costUsd({ transitions: 1_000_000 })).toBe(25);
    expect(costUsd({ targets: 1e9, records: 1e9, bytes: 1e12 })).toBe(0);
    expect(Object.values(PRICES).every((price) => price > 0)).toBe(true);
  });

  it('knows the days of a span', () => {
    expect(daysBetween('2024-02-27', '2024-03-01')).toEqual(['2024-02-27', '2024-02-28', '2024-02-29', '2024-03-01']);
    expect(daysBetween('2026-11-26', '2026-11-26')).toEqual(['2026-11-26']);
  });
});

describe('a run', () => {
  it('shows what it cost, and its tenant the days', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(3) } }));
    expect(ok(await world.service.getRun(caller, runId))).not.toHaveProperty('costUsd');
    const ref = { tenant: 'acme', runId };
    const now = world.clock.now();
    const first = { lambdaRequests: 1, lambdaGbMs: 1_000, tableWrites: 4, targets: 3, bytes: 900, records: 0 };
    expect(await charge(world.table, ref, first, now)).toBe('within');
    await charge(world.table, ref, { lambdaRequests: 1, transitions: 2 }, now + 86_400_000);
    const expected = costByService(sumUsage([first, { lambdaRequests: 1, transitions: 2 }]));
    const run = ok(await world.service.getRun(caller, runId));
    expect(run).toMatchObject({ costByService: expected });
    const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    const span = { from: day(now - 86_400_000), to: day(now + 86_400_000) };
    const usage = ok(await world.service.usage(caller, span));
    expect(usage.days.map(({ targets, bytes }) => ({ targets, bytes }))).toEqual([
      { targets: 0, bytes: 0 },
      { targets: 3, bytes: 900 },
      { targets: 0, bytes: 0 },
    ]);
    expect(usage.total).toMatchObject({ targets: 3, costUsd: run.costUsd });
    // Another tenant sees none of it.
    expect(ok(await world.service.usage({ ...caller, tenant: 'other' }, span)).total.costUsd).toBe(0);
  });

  it('is over its limit when the sum of its calls is', async () => {
    const world = await new MemoryWorld().open();
    const limits = { maxTargets: 10, maxMinutes: 60, maxRecords: null, maxCostUsd: 0.001 };
    const runId = await world.startRun(task({ source: { urls: urls(3) }, limits }));
    const ref = { tenant: 'acme', runId };
    expect(await charge(world.table, ref, { transitions: 30 }, world.clock.now())).toBe('within');
    expect(await charge(world.table, ref, { transitions: 10 }, world.clock.now())).toBe('over');
    expect(await readUsage(world.table, 'acme', runId)).toMatchObject({ transitions: 40, maxCostUsd: 0.001 });
  });
});

describe('a span', () => {
  it.each([
    [{ from: '2026-11-27', to: '2026-11-26' }, 'from: expected a day not after 2026-11-26, got 2026-11-27'],
    [{ from: '2025-01-01', to: '2026-11-26' }, 'from: expected a span of at most 92 days, got 695'],
  ])('%j is refused', async (span, detail) => {
    const world = await new MemoryWorld().open();
    expect(await world.service.usage(caller, span)).toMatchObject({ ok: false, refusal: { status: 400, detail } });
  });
  it('is the last thirty days when none is named', async () => {
    const world = await new MemoryWorld().open();
    expect(ok(await world.service.usage(caller, {})).days).toHaveLength(30);
  });
});
