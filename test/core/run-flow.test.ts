import { describe, expect, it } from 'vitest';
import { MemoryWorld, START, caller, task } from '#support/memory-world.ts';
import { requestStop } from '#core/stop.ts';
import { dispatch } from '#core/steps/dispatch.ts';
import { plan } from '#core/steps/plan.ts';
import { readRun } from '#core/store.ts';
import { work } from '#core/steps/work.ts';
import { ok, outcome, urls } from '#support/run-outcome.ts';

describe('a run', () => {
  it('collects every target once and says so', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(30) } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const { run, ledger, records } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ discovered: 30, collected: 30, failed: 0, attempts: 30, records: 30 });
    expect(new Set(records.map(({ url }) => url)).size).toBe(30);
    expect(ledger.every(({ bucket }) => bucket === 'collected')).toBe(true);
    expect(world.requests).toHaveLength(30);
  });

  it('puts what is named twice, excluded, disallowed and failed into its bucket with the reason', async () => {
    const world = await new MemoryWorld().open();
    world.robots = (url) =>
      url.endsWith('/private') ? { kind: 'disallowed', rule: 'Disallow: /private' } : { kind: 'allowed' };
    world.web = ({ url }) => ({
      status: url.endsWith('/gone') ? 404 : 200,
      body: url.endsWith('/odd') ? 'unreadable' : 'fine',
    });
    const source = {
      urls: ['/1', '/1#top', '/x.pdf', '/private', '/gone', '/odd'].map((path) => `https://a.example${path}`),
      exclude: ['**/*.pdf'],
    };
    const runId = await world.startRun(task({ source }));
    expect(await world.play(runId)).toBe('PARTIAL');
    const { run, ledger } = await outcome(world, runId);
    expect(run.progress).toMatchObject({
      discovered: 6,
      collected: 1,
      duplicate: 1,
      excluded: 1,
      disallowed: 1,
      failed: 2,
    });
    const reasons = Object.fromEntries(ledger.map(({ url, bucket, reason }) => [url, reason ?? bucket]));
    expect(reasons).toMatchObject({
      'https://a.example/gone': 'status',
      'https://a.example/odd': 'extract',
      'https://a.example/private': 'disallowed',
      'https://a.example/x.pdf': 'excluded',
    });
  });

  it('keeps the pace and the concurrency of a host over all its shards', async () => {
    const world = await new MemoryWorld().open();
    world.web = () => ({ ms: 400 });
    const pace = { requestsPerSecond: 20, concurrency: 3, adapt: true };
    const runId = await world.startRun(task({ source: { urls: urls(60) }, pace }));
    await world.play(runId);
    const times = world.requests.map(({ at }) => at).sort((a, b) => a - b);
    const worst = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));
    expect(worst).toBeLessThanOrEqual(21);
    expect(world.inFlightMax.get('a.example')).toBe(3);
  });

  it('cuts a large host into lanes and works on them one after the other', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(
      task({
        source: { range: { url: 'https://a.example/{n}', n: { from: 1, to: 5000, step: 1, pad: 0 } } },
        pace: { requestsPerSecond: 1000, concurrency: 8, adapt: true },
      }),
    );
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const run = ok(await world.service.getRun(caller, runId));
    expect(run.shards).toEqual({ planned: 3, running: 0, done: 3 });
    expect(run.progress.collected).toBe(5000);
    expect(world.inFlightMax.get('a.example')).toBeLessThanOrEqual(8);
    expect(new Set(world.requests.map(({ url }) => url)).size).toBe(5000);
  });

  it('tries again with growing waits, parks what must wait long, and gives up after the last attempt', async () => {
    const world = await new MemoryWorld().open();
    let refusals = 2;
    world.web = ({ url }) =>
      url.endsWith('/flaky') && refusals-- > 0 ? { status: 503 } : { status: url.endsWith('/dead') ? 500 : 200 };
    const retry = { attempts: 3, baseSeconds: 10, maxSeconds: 300 };
    const runId = await world.startRun(
      task({ source: { urls: ['https://a.example/flaky', 'https://a.example/dead'] }, retry }),
    );
    expect(await world.play(runId)).toBe('PARTIAL');
    const { ledger, run } = await outcome(world, runId);
    expect(ledger.map(({ attempts }) => attempts)).toEqual([3, 3]);
    expect(run.progress.attempts).toBe(6);
    expect(world.counted.ShardsParked).toBeGreaterThan(0);
  });

  it('obeys Retry-After for the whole host', async () => {
    const world = await new MemoryWorld().open();
    let first = true;
    world.web = () => {
      if (!first) return {};
      first = false;
      return { status: 429, headers: { 'retry-after': '30' } };
    };
    const pace = { requestsPerSecond: 10, concurrency: 1, adapt: true };
    const runId = await world.startRun(task({ source: { urls: urls(3) }, pace }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const [asked, ...later] = world.requests.map(({ at }) => at);
    expect(Math.min(...later) - (asked ?? 0)).toBeGreaterThanOrEqual(30_000);
  });

  it('follows pages until there is no next one, a loop or the limit', async () => {
    const page = (n: number): string => `https://a.example/p/${String(n)}`;
    for (const [maxPages, expected] of [
      [100, { collected: 5, overBudget: 0 }],
      [3, { collected: 3, overBudget: 1 }],
    ] as const) {
      const world = await new MemoryWorld().open();
      world.web = ({ url }) => {
        const n = Number(url.split('/').at(-1));
        return { body: n < 5 ? page(n + 1) : page(1) };
      };
      const runId = await world.startRun(task({ source: { follow: { url: page(1), next: { css: 'a' }, maxPages } } }));
      expect(await world.play(runId)).toBe('SUCCEEDED');
      expect((await outcome(world, runId)).run.progress).toMatchObject(expected);
    }
  });

  it('crawls by rounds within scope and depth, each page once', async () => {
    const world = await new MemoryWorld().open();
    // A site where every page n links to n·2 and n·2+1, to the start, and to elsewhere.
    world.web = ({ url }) => {
      const n = Number(url.split('/').at(-1));
      return {
        body: `https://a.example/${String(n * 2)} https://a.example/${String(n * 2 + 1)} https://a.example/1 https://b.example/1`,
      };
    };
    const crawl = {
      seeds: ['https://a.example/1'],
      depth: 4,
      scope: 'host' as const,
      links: 'a[href]',
      maxTargets: 1000,
    };
    const runId = await world.startRun(task({ source: { crawl } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const { run, ledger } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ discovered: 31, collected: 31 });
    expect(Math.max(...ledger.map(({ depth }) => depth ?? 0))).toBe(4);
    expect(new Set(ledger.map(({ url }) => url)).size).toBe(31);
  });

  it('counts what a crawl finds beyond its budget', async () => {
    const world = await new MemoryWorld().open();
    world.web = ({ url }) => ({ body: urls(20).join(' ') + ` ${url}` });
    const crawl = {
      seeds: ['https://a.example/start'],
      depth: 3,
      scope: 'host' as const,
      links: 'a[href]',
      maxTargets: 6,
    };
    const runId = await world.startRun(task({ source: { crawl } }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect((await outcome(world, runId)).run.progress).toMatchObject({ discovered: 21, collected: 6, overBudget: 15 });
  });

  it('drops records whose key was seen before', async () => {
    const world = await new MemoryWorld().open();
    world.web = ({ url }) => ({ body: `same ${String(Number(url.at(-1)) % 2)}` });
    const extract = { format: 'none' as const, fields: {}, keepBody: 'none' as const, key: ['body'] };
    const runId = await world.startRun(task({ source: { urls: urls(8) }, extract }));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const { run, records } = await outcome(world, runId);
    expect(records.map(({ data }) => data.body)).toEqual(['same 0', 'same 1']);
    expect(run.progress.duplicateRecords).toBe(6);
  });

  it('fails, with the cause, when the source names nothing', async () => {
    const world = await new MemoryWorld().open();
    const upload = ok(await world.service.createUpload(caller));
    const runId = await world.startRun(task({ source: { list: upload.list } }));
    expect(await world.play(runId)).toBe('FAILED');
    const run = ok(await world.service.getRun(caller, runId));
    expect(run.error?.detail).toMatch(/no such object/);
    expect(run.progress.discovered).toBe(0);
  });

  it('reads uploaded lists and gives bad lines their place in the ledger', async () => {
    const world = await new MemoryWorld().open();
    const upload = ok(await world.service.createUpload(caller));
    await world.objects.writeLines(`t/acme/uploads/${upload.id}`, [
      'url,note',
      'https://a.example/1,x',
      'nonsense,y',
      '{"url":"https://a.example/2","method":"POST","body":"q=1"}',
    ]);
    const runId = await world.startRun(task({ source: { list: upload.list } }));
    expect(await world.play(runId)).toBe('PARTIAL');
    const { run, ledger } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ discovered: 3, collected: 2, failed: 1 });
    expect(ledger.find(({ method }) => method === 'POST')?.bodySha256).toHaveLength(64);
  });

  it('cannot be given a list of another tenant', async () => {
    const world = await new MemoryWorld().open();
    for (const list of ['s3://results/t/other/uploads/x', 's3://elsewhere/x']) {
      const runId = await world.startRun(task({ source: { list } }));
      expect(await world.play(runId)).toBe('FAILED');
      const run = ok(await world.service.getRun(caller, runId));
      expect(run.error?.detail).toMatch(/another tenant|not among those/);
    }
  });
});

describe('stopping', () => {
  it('lets no request leave after the workers have looked, and cancels the rest', async () => {
    const world = await new MemoryWorld().open();
    const pace = { requestsPerSecond: 10, concurrency: 4, adapt: true };
    const runId = await world.startRun(task({ source: { urls: urls(200) }, pace }));
    let stoppedAt = 0;
    const state = await world.play(runId, async () => {
      const stopping = (async () => {
        await world.clock.sleep(5_000);
        stoppedAt = world.clock.now();
        await world.service.stopRun(caller, runId);
      })();
      await Promise.all([world.drain(), world.until(stopping)]);
    });
    expect(state).toBe('STOPPED');
    const last = Math.max(...world.requests.map(({ at }) => at));
    expect(last - stoppedAt).toBeLessThanOrEqual(5_000);
    const { run } = await outcome(world, runId);
    expect(run.stopReason).toBe('user');
    expect(run.progress.collected + run.progress.cancelled).toBe(200);
    expect(run.progress.collected).toBeGreaterThan(20);
  });

  it('stops when the record budget is spent', async () => {
    const world = await new MemoryWorld().open();
    const limits = { maxTargets: 1000, maxMinutes: 60, maxRecords: 100, maxCostUsd: null };
    const pace = { requestsPerSecond: 20, concurrency: 4, adapt: true };
    const runId = await world.startRun(task({ source: { urls: urls(900) }, limits, pace }));
    expect(await world.play(runId)).toBe('STOPPED');
    const { run } = await outcome(world, runId);
    expect(run.stopReason).toBe('maxRecords');
    expect(run.progress.records).toBeGreaterThanOrEqual(100);
    expect(run.progress.records).toBeLessThan(400);
  });
});

describe('what dies', () => {
  it('is taken over after its lease: nothing lost, nothing twice', async () => {
    const world = await new MemoryWorld().open();
    const pace = { requestsPerSecond: 50, concurrency: 4, adapt: true };
    const runId = await world.startRun(task({ source: { urls: urls(600) }, pace }));
    const state = await world.play(runId, async () => {
      const [first] = world.queued.splice(0, 1);
      if (first === undefined) throw new Error('nothing was dispatched');
      // A worker whose table vanishes under it after a while: as dead as a killed sandbox, its lease stays behind.
      const dead = new Error('killed');
      let calls = 0;
      const table = new Proxy(world.table, {
        get: (target, name: 'get') =>
          typeof target[name] === 'function'
            ? (...args: never[]) =>
                ++calls > 9 ? Promise.reject(dead) : (target[name] as (...a: never[]) => unknown)(...args)
            : target[name],
      });
      await expect(
        world.until(work({ ...world.ports, table }, first.message, world.clock.now() + 900_000)),
      ).rejects.toThrow('killed');
    });
    expect(state).toBe('SUCCEEDED');
    const { run, records } = await outcome(world, runId);
    expect(run.progress.collected).toBe(600);
    expect(new Set(records.map(({ url }) => url)).size).toBe(600);
  });

  it('planner: a second one takes the round over and the first commits nothing', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(10) } }));
    const ref = { tenant: 'acme', runId, attempt: 0, round: 0 };
    const answers = await world.until(Promise.all([plan(world.ports, ref), plan(world.ports, ref)]));
    expect(answers.map(({ proceed, shards }) => ({ proceed, shards }))).toEqual(
      [1, 2].map(() => ({ proceed: true, shards: 1 })),
    );
    expect((await readRun(world.table, 'acme', runId))?.rounds).toHaveLength(1);
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect((await outcome(world, runId)).run.progress.discovered).toBe(10);
  });

  it('message delivered twice: the second finds the shard taken', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(50) } }));
    const state = await world.play(runId, async () => {
      world.queued.push(...world.queued.map((entry) => ({ ...entry })));
      await world.drain(4);
    });
    expect(state).toBe('SUCCEEDED');
    expect(world.requests).toHaveLength(50);
  });

  it('message lost: the sweep sends it again', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(5) } }));
    const state = await world.play(runId, () => {
      world.queued.length = 0;
      return Promise.resolve();
    });
    expect(state).toBe('SUCCEEDED');
    expect(world.counted.SweepResent).toBe(1);
  });

  it('execution: the sweep starts another', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task());
    world.executions.delete(runId);
    world.clock.moveTo(START + 120_000);
    const { sweep } = await import('#core/steps/sweep.ts');
    expect(await world.until(sweep(world.ports))).toMatchObject({ runsRestarted: 1 });
    expect(world.executions.get(runId)?.attempt).toBe(1);
  });

  it('stop before planning: nothing is sent', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(5) } }));
    await requestStop(world.ports, 'acme', runId, 'user');
    expect((await plan(world.ports, { tenant: 'acme', runId, attempt: 0, round: 0 })).proceed).toBe(false);
    expect(await dispatch(world.ports, { tenant: 'acme', runId, attempt: 0, round: 0 })).toEqual({ sent: 0 });
    expect(await world.play(runId)).toBe('STOPPED');
    expect(world.requests).toHaveLength(0);
  });
});
