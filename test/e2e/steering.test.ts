/** Steering runs on the embedded stack: rest, go on, try again, one at a time, and the story of each target. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientOf, type Client } from '#cli/client.ts';
import { ApiRefusal } from '#cli/problem.ts';
import { verifyResults } from '#cli/verify.ts';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { saveResults } from '#support/save-results.ts';
import type { RunView } from '#core/operations.ts';

const dir = mkdtempSync(join(tmpdir(), 'gleaner-steering-'));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let stack: EmbeddedStack;
let origin: Origin;
let client: Client;

beforeAll(async () => {
  origin = await startOrigin({ pages: 20 });
  stack = await startEmbedded({ dataDir: join(dir, 'data'), port: 0, log: () => undefined });
  client = clientOf({ api: stack.apiUrl, key: stack.key, sleep: pause, chance: Math.random });
});
afterAll(async () => {
  await stack.close();
  await origin.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until(id: string, reached: (run: RunView) => boolean): Promise<RunView> {
  for (;;) {
    const run = await client.getRun(id);
    if (reached(run)) return run;
    await pause(100);
  }
}
const ended = (id: string): Promise<RunView> => until(id, (run) => run.finishedAt !== undefined);
const status = (error: unknown): number => (error instanceof ApiRefusal ? error.status : 0);

it('rests within five seconds, sends nothing, and goes on to the end', { timeout: 120_000 }, async () => {
  origin.clear();
  const { id } = await client.startInline({
    name: 'rests',
    source: { range: { url: `${origin.url}/page/1?n={n}`, n: { from: 1, to: 600 } } },
    extract: { format: 'none' },
    pace: { requestsPerSecond: 60, concurrency: 8 },
  });
  while (origin.requests('/page/').length < 50) await pause(20);
  await client.pauseRun(id);
  const pausedAt = Date.now();
  const resting = await until(id, (run) => run.shards.running === 0);
  expect(resting).toMatchObject({ state: 'PAUSED' });
  const asked = origin.requests('/page/').length;
  expect(Math.max(...origin.requests('/page/').map(({ at }) => at)) - pausedAt).toBeLessThanOrEqual(5_000);
  await pause(2_000);
  expect(origin.requests('/page/')).toHaveLength(asked);
  await client.resumeRun(id);
  const run = await ended(id);
  expect(run).toMatchObject({ state: 'SUCCEEDED', progress: { discovered: 600, collected: 600, records: 600 } });
  expect(await client.pauseRun(id).catch(status)).toBe(409);
});

it('tries the failed targets of an ended run again, and tells of each target', { timeout: 120_000 }, async () => {
  origin.clear();
  const flaky = `${origin.url}/flaky/one?fail=2`;
  const urls = [flaky, ...origin.site(5), `${origin.url}/status/404`];
  const task = { name: 'redriven', source: { urls }, extract: { format: 'html', fields: { title: 'title' } }, retry: { attempts: 1 } }; // prettier-ignore
  const { id } = await client.startInline(task);
  expect(await ended(id)).toMatchObject({ state: 'PARTIAL', progress: { collected: 5, failed: 2 } });
  expect(await client.explain(id, { url: flaky })).toMatchObject({ bucket: 'failed', reason: 'status', status: 503 });
  expect((await client.redriveRun(id)).state).toBe('QUEUED');
  expect(await ended(id)).toMatchObject({ state: 'PARTIAL', redrives: 1, progress: { collected: 5, failed: 2 } });
  await client.redriveRun(id);
  const run = await ended(id);
  expect(run.progress).toMatchObject({ discovered: 7, collected: 6, failed: 1, records: 6, pending: 0 });
  expect(origin.requests('/page/')).toHaveLength(5);
  const told = await client.explain(id, { url: flaky });
  expect(told).toMatchObject({ bucket: 'collected', records: 1, parts: [{ lines: 1 }] });

  await saveResults(await client.results(id), join(dir, 'redriven'));
  const [key] = (await client.signingKeys()).items;
  expect(await verifyResults(join(dir, 'redriven'))).toMatchObject({ ok: true, targets: 7, records: 6 });
  expect((await client.results(id)).signature?.keyId).toBe(key?.keyId);
});

it('keeps a task to one run at a time where that is wanted', { timeout: 120_000 }, async () => {
  const name = 'alone';
  await client.createTask({ name, source: { urls: [`${origin.url}/slow/3000`] }, extract: { format: 'none' } });
  const first = await client.startRun(name, 'queue');
  expect(await client.startRun(name, 'skip').catch(status)).toBe(409);
  const second = await client.startRun(name, 'queue');
  expect(second).toMatchObject({ state: 'QUEUED', waitsFor: first.id });
  const [one, two] = [await ended(first.id), await ended(second.id)];
  expect([one.state, two.state]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  expect(Date.parse(two.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(one.finishedAt ?? ''));
});
