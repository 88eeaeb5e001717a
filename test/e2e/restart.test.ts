/** `gleaner up` killed in the middle of a run, and started again: the run goes on by itself and comes out right. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startOrigin, type Origin } from '#support/origin.ts';
import type { PageOf, RecordLine, RunView } from '#core/operations.ts';

const PAGES = 1500;
const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-restart-'));
const root = fileURLToPath(new URL('../..', import.meta.url));
let origin: Origin;
let child: ChildProcess | undefined;

beforeAll(async () => {
  origin = await startOrigin({ pages: 10 });
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await origin.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Starts the command and waits until its API answers. */
async function up(): Promise<{ url: string; key: string }> {
  const port = String(20_000 + (process.pid % 20_000));
  child = spawn(process.execPath, ['bin/gleaner.ts', 'up', '--data', dataDir, '--port', port], {
    cwd: root,
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 300; tries++) {
    const healthy = await fetch(`${url}/v1/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (healthy && existsSync(join(dataDir, 'key')))
      return { url, key: readFileSync(join(dataDir, 'key'), 'utf8').trim() };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('gleaner up does not answer');
}

it('finishes the run after kill -9, with a balanced ledger and no record doubled', { timeout: 240_000 }, async () => {
  let { url, key } = await up();
  const api = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return (await answer.json()) as T;
  };
  const task = {
    name: 'restart',
    source: { range: { url: `${origin.url}/page/1?n={n}`, n: { from: 1, to: PAGES } } },
    extract: { format: 'html', fields: { title: 'h1' } },
    pace: { requestsPerSecond: 150, concurrency: 8 },
  };
  const { id } = await api<RunView>('POST', '/runs', { task });
  while (origin.requests('/page/').length < PAGES / 3) await new Promise((resolve) => setTimeout(resolve, 20));
  const died = new Promise((resolve) => child?.once('exit', resolve));
  child?.kill('SIGKILL');
  await died;
  ({ url, key } = await up());
  let run = await api<RunView>('GET', `/runs/${id}`);
  while (run.finishedAt === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    run = await api<RunView>('GET', `/runs/${id}`);
  }
  expect(run.state).toBe('SUCCEEDED');
  expect(run.progress).toMatchObject({ discovered: PAGES, collected: PAGES, pending: 0, records: PAGES });
  const urls: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: PageOf<RecordLine> = await api(
      'GET',
      `/runs/${id}/records?limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    urls.push(...page.items.map((record) => record.url));
    cursor = page.nextCursor;
  }
  expect(urls).toHaveLength(PAGES);
  expect(new Set(urls).size).toBe(PAGES);
});
