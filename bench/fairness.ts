/**
 * One tenant floods the embedded stack, another one's run of 100 targets is timed alone and beside it.
 *
 *   node bench/fairness.ts [--targets 1000000] [--runs 5] [--check]
 *
 * The flood is paced, so that what is measured is the waiting for workers and not the machine's lack of processors. It is timed
 * `runs` times before the flood comes, and then by turns with the flood resting and going on, so that a machine that gets slower
 * or faster meanwhile does so for both. `ratio` compares the median beside the flood with the smaller of the two others;
 * `--check` ends with 1 when it is more than 1.2.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbedded } from '#local/embedded.ts';
import type { CreatedKey, RunView, UploadView } from '#core/operations.ts';
import { startOrigin } from '#support/origin.ts';

const RATIO_MAX = 1.2;
const FLOOD_HOSTS = 8;
const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
    check: { type: 'boolean', default: false },
  },
});
const [targets, runs] = [Number(values.targets), Number(values.runs)];

const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-fairness-'));
const origins = await Promise.all(Array.from({ length: FLOOD_HOSTS + 1 }, () => startOrigin({ pages: 10 })));
const stack = await startEmbedded({ dataDir, port: 0, log: () => undefined });
try {
  const flooder = await tenant('flooder');
  const other = await tenant('other');
  const small = origins[FLOOD_HOSTS]?.url ?? '';
  const task = {
    name: 'small',
    source: { range: { url: `${small}/page/1?n={n}`, n: { from: 1, to: 100 } } },
    extract: { format: 'none' },
    pace: { requestsPerSecond: 20, concurrency: 4, adapt: false },
  };
  const timed = async (): Promise<number> => {
    const { id } = await call<RunView>(other, 'POST', '/runs', { task });
    const run = await until(
      () => call<RunView>(other, 'GET', `/runs/${id}`),
      ({ finishedAt }) => finishedAt !== undefined,
    );
    if (run.progress.collected !== 100) throw new Error(`the small run collected ${String(run.progress.collected)}`);
    return Date.parse(run.finishedAt ?? '') - Date.parse(run.createdAt);
  };
  await timed(); // cold start
  const before: number[] = [];
  for (let i = 0; i < runs; i++) before.push(await timed());
  const flood = await startFlood(flooder);
  const [resting, beside]: [number[], number[]] = [[], []];
  for (let i = 0; i < runs; i++) {
    beside.push(await timed());
    await rest(flooder, flood);
    resting.push(await timed());
    await goOn(flooder, flood);
  }
  const { progress, shards } = await call<RunView>(flooder, 'GET', `/runs/${flood}`);
  await call(flooder, 'POST', `/runs/${flood}/stop`);
  const ratio = median(beside) / Math.min(median(before), median(resting));
  const told = { beforeMs: spread(before), restingMs: spread(resting), besideMs: spread(beside) };
  process.stdout.write(
    `${JSON.stringify({ targets, shards: shards.planned, floodCollected: progress.collected, ...told, ratio: Math.round(ratio * 1000) / 1000 })}\n`,
  );
  if (values.check && ratio > RATIO_MAX) process.exitCode = 1;
} finally {
  await stack.close();
  for (const origin of origins) await origin.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function call<T>(key: string, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${stack.apiUrl}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T;
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** A tenant with a key that may write. */
async function tenant(id: string): Promise<string> {
  await call(stack.key, 'POST', '/tenants', { id, allowAddresses: ['127.0.0.0/8'] });
  const { key } = await call<CreatedKey>(stack.key, 'POST', `/tenants/${id}/keys`, { scopes: ['write'] });
  return key ?? '';
}

async function startFlood(key: string): Promise<string> {
  const upload = await call<UploadView>(key, 'POST', '/uploads');
  const lines = Array.from(
    { length: targets },
    (_, i) => `${origins[i % FLOOD_HOSTS]?.url ?? ''}/page/1?n=${String(i)}`,
  );
  const put = await fetch(upload.url, { method: 'PUT', body: lines.join('\n') });
  if (!put.ok) throw new Error(`upload: ${String(put.status)}`);
  const { id } = await call<RunView>(key, 'POST', '/runs', {
    task: {
      name: 'flood',
      source: { list: upload.list },
      extract: { format: 'none' },
      pace: { requestsPerSecond: 5, concurrency: 64, adapt: false },
    },
  });
  await until(
    () => call<RunView>(key, 'GET', `/runs/${id}`),
    ({ progress }) => progress.attempts > 20,
  );
  return id;
}

async function rest(key: string, flood: string): Promise<void> {
  await call(key, 'POST', `/runs/${flood}/pause`);
  await until(
    () => call<RunView>(key, 'GET', `/runs/${flood}`),
    ({ shards }) => shards.running === 0,
  );
}

/** Until it asks as it did before. */
async function goOn(key: string, flood: string): Promise<void> {
  const { progress: before } = await call<RunView>(key, 'POST', `/runs/${flood}/resume`);
  await until(
    () => call<RunView>(key, 'GET', `/runs/${flood}`),
    ({ progress }) => progress.attempts > before.attempts + 20,
  );
}

async function until<T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
/** Milliseconds: the median, the fastest and the slowest. */
function spread(times: number[]) {
  return { median: median(times), min: Math.min(...times), max: Math.max(...times) };
}
function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}
