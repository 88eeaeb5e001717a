/** Pausing, resuming, redriving, and one run of a task at a time: on memory ports, in virtual time. */
import { describe, expect, it } from 'vitest';
import { lockKey } from '#core/names.ts';
import { sweep } from '#core/steps/sweep.ts';
import { readRun } from '#core/store.ts';
import { signatureProblem, signedBytes, signerOf } from '#core/signing.ts';
import type { Manifest, Once } from '#core/operations.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';
import { ok, outcome, urls } from '#support/run-outcome.ts';

const once = (digit: string, world: MemoryWorld): Once => ({ seed: digit.repeat(64), at: world.clock.now() });
const slow = { requestsPerSecond: 10, concurrency: 4, adapt: true };

const REST_MS = 1_200_000;

/** Plays a run that is paused after so many requests, rests, and is resumed. */
async function withRest(
  world: MemoryWorld,
  runId: string,
  after: number,
  whileAtRest: () => Promise<void>,
): Promise<string> {
  let pausing: Promise<unknown> | undefined;
  world.web = () => {
    if (world.requests.length >= after) pausing ??= world.service.pauseRun(caller, runId);
    return {};
  };
  return world.play(runId, async () => {
    await world.drain();
    ok((await pausing) as Awaited<ReturnType<typeof world.service.pauseRun>>);
    world.clock.moveTo(world.clock.now() + REST_MS);
    await world.until(sweep(world.ports));
    await world.drain();
    await whileAtRest();
    expect(ok(await world.service.resumeRun(caller, runId)).state).toBe('RUNNING');
    ok(await world.service.resumeRun(caller, runId)); // again, as after an answer that was lost
    await world.drain();
  });
}

describe('pause and resume', () => {
  it('rests without a request, keeps its results and its time, and goes on to the end', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(60) }, pace: slow }));
    const deadlineAt = (await readRun(world.table, 'acme', runId))?.deadlineAt ?? 0;
    let rested = 0;
    const state = await withRest(world, runId, 20, async () => {
      const paused = ok(await world.service.pauseRun(caller, runId));
      const pausedAt = Date.parse(paused.pausedAt ?? '');
      expect(paused).toMatchObject({ state: 'PAUSED', shards: { running: 0 } });
      expect(world.requests.length).toBeLessThan(60);
      expect(world.requests.filter(({ at }) => at > pausedAt + 5_000)).toEqual([]);
      expect(ok(await world.service.ledger(caller, runId, { bucket: 'pending' }, { limit: 100 })).items).not.toEqual(
        [],
      );
      rested = world.clock.now() - pausedAt;
    });
    expect(state).toBe('SUCCEEDED');
    const { run } = await outcome(world, runId);
    expect(run.progress).toMatchObject({ discovered: 60, collected: 60 });
    expect(run.pausedAt).toBeUndefined();
    expect(rested).toBeGreaterThan(REST_MS);
    expect((await readRun(world.table, 'acme', runId))?.deadlineAt).toBe(deadlineAt + rested);
  });

  it('refuses what is not in a state to be paused or resumed', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task());
    expect(await world.service.pauseRun(caller, runId)).toMatchObject({ ok: false, refusal: { status: 409 } });
    await world.play(runId);
    for (const act of [world.service.pauseRun, world.service.resumeRun])
      expect(await act(caller, runId)).toMatchObject({ ok: false, refusal: { status: 409 } });
    expect(await world.service.pauseRun(caller, '0'.repeat(26))).toMatchObject({ ok: false, refusal: { status: 404 } });
  });

  it('a run that rests past its time ends neither then nor by the sweep', async () => {
    const world = await new MemoryWorld().open();
    const limits = { maxTargets: 100, maxMinutes: 5, maxRecords: null, maxCostUsd: null };
    const runId = await world.startRun(task({ source: { urls: urls(60) }, pace: slow, limits }));
    const state = await withRest(world, runId, 10, async () => {
      expect((await readRun(world.table, 'acme', runId))?.state).toBe('PAUSED');
    });
    expect(state).toBe('SUCCEEDED');
  });
});

describe('redrive', () => {
  it('tries the failed targets again in the same run, and nothing else', async () => {
    const world = await new MemoryWorld().open();
    world.web = ({ url }) => ({ status: /[05]$/.test(url) ? 404 : 200 });
    const runId = await world.startRun(task({ source: { urls: [...urls(30), 'https://a.example/1#again'] } }));
    expect(await world.play(runId)).toBe('PARTIAL');
    const before = await outcome(world, runId);
    expect(before.run.progress).toMatchObject({ failed: 6, collected: 24, duplicate: 1 });
    world.web = ({ url }) => ({ status: /0$/.test(url) ? 404 : 200 });
    world.requests.length = 0;
    const redriven = ok(await world.service.redriveRun(caller, runId));
    expect(redriven).toMatchObject({ state: 'QUEUED', redrives: 1 });
    expect(redriven.finishedAt).toBeUndefined();
    expect(await world.play(runId)).toBe('PARTIAL');
    const after = await outcome(world, runId);
    expect(after.run.progress).toMatchObject({ discovered: 31, failed: 3, collected: 27, duplicate: 1, records: 27 });
    expect(world.requests.map(({ url }) => url).sort()).toEqual(before.ledger.filter(({ bucket }) => bucket === 'failed').map(({ url }) => url).sort()); // prettier-ignore
    expect(new Set(after.ledger.map(({ url, bucket }) => url + bucket)).size).toBe(31);
    world.web = () => ({});
    ok(await world.service.redriveRun(caller, runId));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect((await outcome(world, runId)).run.progress).toMatchObject({ collected: 30, failed: 0 });
    expect(await world.service.redriveRun(caller, runId)).toMatchObject({
      ok: false,
      refusal: { title: 'Nothing to redrive' },
    });
  });

  it('opens the shards of a lane one after the other', async () => {
    const world = await new MemoryWorld().open();
    world.web = ({ url }) => ({ status: url.endsWith('7') ? 404 : 200 });
    const range = { url: 'https://a.example/{n}', n: { from: 1, to: 3500, step: 1, pad: 0 } };
    const pace = { requestsPerSecond: 1000, concurrency: 8, adapt: true };
    const runId = await world.startRun(task({ source: { range }, pace }));
    expect(await world.play(runId)).toBe('PARTIAL');
    world.web = () => ({});
    world.inFlightMax.clear();
    ok(await world.service.redriveRun(caller, runId));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    expect(world.inFlightMax.get('a.example')).toBeLessThanOrEqual(8);
    expect(ok(await world.service.getRun(caller, runId)).progress).toMatchObject({
      collected: 3500,
      failed: 0,
      pending: 0,
    });
  });

  it('follows the links of pages that come late, as deep as the crawl goes', async () => {
    const world = await new MemoryWorld().open();
    let broken = true;
    world.web = ({ url }) => {
      if (url.endsWith('/b') && broken) return { status: 404 };
      const links: Record<string, string> = { '/': 'a b', '/a': 'a1', '/b': 'b1', '/b1': 'b2' };
      const named = (links[new URL(url).pathname] ?? '').split(' ').filter((name) => name !== '');
      return { body: ['page', ...named.map((name) => `https://a.example/${name}`)].join(' ') };
    };
    const crawl = {
      seeds: ['https://a.example/'],
      depth: 2,
      scope: 'host' as const,
      links: 'a[href]',
      maxTargets: 100,
    };
    const runId = await world.startRun(task({ source: { crawl } }));
    expect(await world.play(runId)).toBe('PARTIAL');
    expect((await outcome(world, runId)).run.progress).toMatchObject({ collected: 3, failed: 1 });
    broken = false;
    ok(await world.service.redriveRun(caller, runId));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const { ledger, run } = await outcome(world, runId);
    expect(ledger.map(({ url }) => new URL(url).pathname).sort()).toEqual(['/', '/a', '/a1', '/b', '/b1']);
    expect(run.progress).toMatchObject({ discovered: 5, collected: 5 });
  });

  it('goes on with a chain of pages where it broke', async () => {
    const world = await new MemoryWorld().open();
    let broken = true;
    world.web = ({ url }) => {
      const n = Number(url.split('/').at(-1));
      if (n === 3 && broken) return { status: 404 };
      return { body: n < 5 ? `https://a.example/${String(n + 1)}` : 'the end' };
    };
    const follow = { url: 'https://a.example/1', next: { css: 'a.next' }, maxPages: 10 };
    const runId = await world.startRun(task({ source: { follow } }));
    expect(await world.play(runId)).toBe('PARTIAL');
    broken = false;
    ok(await world.service.redriveRun(caller, runId));
    expect(await world.play(runId)).toBe('SUCCEEDED');
    const { ledger } = await outcome(world, runId);
    expect(ledger.map(({ url, from }) => [url.at(-1), from?.at(-1)])).toEqual([['1', undefined], ['2', '1'], ['3', '2'], ['4', '3'], ['5', '4']]); // prettier-ignore
  });

  it('is done once, however often the same request comes', async () => {
    const world = await new MemoryWorld().open();
    world.web = () => ({ status: 404 });
    const runId = await world.startRun(task({ source: { urls: urls(3) } }));
    await world.play(runId);
    const key = once('a', world);
    ok(await world.service.redriveRun(caller, runId, key));
    expect(ok(await world.service.redriveRun(caller, runId, key)).redrives).toBe(1);
    expect(await world.service.redriveRun(caller, runId)).toMatchObject({ ok: false, refusal: { status: 409 } });
  });
});

describe('one run of a task at a time', () => {
  it('skip refuses and names the run that is not over; then the next may start', async () => {
    const world = await new MemoryWorld().open();
    const first = ok(await world.service.startInline(caller, task(), { overlap: 'skip' }));
    const second = await world.service.startInline(caller, task(), { overlap: 'skip' });
    expect(second).toMatchObject({ ok: false, refusal: { status: 409, title: 'Already running' } });
    expect(JSON.stringify(second)).toContain(first.id);
    await world.play(first.id);
    const third = ok(await world.service.startInline(caller, task(), { overlap: 'skip' }));
    expect(await world.play(third.id)).toBe('SUCCEEDED');
  });

  it('queue waits in line and starts by itself, oldest first', async () => {
    const world = await new MemoryWorld().open();
    const start = async () => ok(await world.service.startInline(caller, task(), { overlap: 'queue' }));
    const first = await start();
    world.clock.moveTo(world.clock.now() + 1000);
    const second = await start();
    world.clock.moveTo(world.clock.now() + 1000);
    const third = await start();
    expect([second, third].map(({ state, waitsFor }) => [state, waitsFor])).toEqual([['QUEUED', first.id], ['QUEUED', first.id]]); // prettier-ignore
    expect(world.executions.has(second.id)).toBe(false);
    await world.play(first.id);
    expect([world.executions.has(second.id), world.executions.has(third.id)]).toEqual([true, false]);
    expect((await readRun(world.table, 'acme', second.id))?.waitsFor).toBeUndefined();
    await world.play(second.id);
    expect(world.executions.has(third.id)).toBe(true);
    expect(await world.play(third.id)).toBe('SUCCEEDED');
    expect((await world.table.get(lockKey('acme', 'test')))?.holder).toBeUndefined();
  });

  it('a run that was stopped in line ends, and nobody waits for it', async () => {
    const world = await new MemoryWorld().open();
    const start = async () => ok(await world.service.startInline(caller, task(), { overlap: 'queue' }));
    const first = await start();
    world.clock.moveTo(world.clock.now() + 1000);
    const second = await start();
    ok(await world.service.stopRun(caller, second.id));
    expect(world.executions.has(second.id)).toBe(true);
    expect(await world.play(second.id)).toBe('STOPPED');
    expect(await world.play(first.id)).toBe('SUCCEEDED');
    expect((await start()).waitsFor).toBeUndefined();
  });

  it('whoever finishes and dies leaves the turn to the sweep', async () => {
    const world = await new MemoryWorld().open();
    const start = async () => ok(await world.service.startInline(caller, task(), { overlap: 'queue' }));
    const first = await start();
    world.clock.moveTo(world.clock.now() + 1000);
    const second = await start();
    const { delete: remove } = world.table;
    world.table.delete = () => Promise.reject(new Error('out of reach'));
    await expect(world.play(first.id)).rejects.toThrow('out of reach');
    world.table.delete = remove;
    world.clock.moveTo(world.clock.now() + 120_000);
    await world.until(sweep(world.ports));
    expect(await world.play(second.id)).toBe('SUCCEEDED');
  });

  it('the same request starts one run, though its first answer was lost', async () => {
    const world = await new MemoryWorld().open();
    const key = once('b', world);
    const [first, again] = [
      ok(await world.service.startInline(caller, task(), { once: key })),
      ok(await world.service.startInline(caller, task(), { once: key })),
    ];
    expect(again.id).toBe(first.id);
    await world.play(first.id);
    expect(ok(await world.service.startInline(caller, task(), { once: key })).state).toBe('SUCCEEDED');
  });
});

describe('the signature', () => {
  it('is over the manifest as finish wrote it, and its key can be asked for', async () => {
    const world = await new MemoryWorld().open();
    const runId = await world.startRun(task({ source: { urls: urls(5) } }));
    await world.play(runId);
    const bytes = await world.objects.readBytes(`t/acme/runs/${runId}/manifest.json`);
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
    expect(signatureProblem(manifest)).toBeUndefined();
    expect((await world.service.signingKeys()).map(({ keyId }) => keyId)).toEqual([manifest.signature?.keyId]);
    expect(signatureProblem({ ...manifest, totals: { ...manifest.totals, records: 4 } })).toContain('was changed');
    const { signature: _, ...unsigned } = manifest;
    expect(signatureProblem(unsigned)).toBe('is not signed');
    const other = await signerOf('another secret of more than enough length').sign(signedBytes(manifest));
    expect(
      signatureProblem({ ...manifest, signature: { ...other, keyId: manifest.signature?.keyId ?? '' } }),
    ).toContain('does not have the id');
    expect(() => signerOf('short')).toThrow('at least 32');
  });
});
