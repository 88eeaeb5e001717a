/**
 * One tenant floods the embedded stack, another one's run of 100 targets is timed alone and beside it.
 *
 *   node bench/fairness.ts [--targets 1000000] [--runs 5] [--check]
 *
 * The flood's hosts answer late, so that it holds every worker it can get and leaves the processors alone: what is measured is the
 * waiting for workers. That it does hold them is asked of its places, before each run beside it. The other run is timed
 * `runs` times before the flood comes, and then by turns with the flood resting and going on, so that a machine that gets slower
 * or faster meanwhile does so for both. `ratio` compares the median beside the flood with the smaller of the two others;
 * `--check` ends with 1 when it is more than 1.2.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { placesKey } from '#core/names.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { startEmbedded } from '#local/embedded.ts';
import { OWNER_KEY } from '#local/iam-access.ts';
import type { CreatedKey, RunView, UploadView } from '#core/operations.ts';
import { startOrigin } from '#support/origin.ts';

const RATIO_MAX = 1.2;
const FLOOD_HOSTS = 8;
/** Of the local stage's eight workers one is kept for whoever has none. */
const FLOOD_WORKERS = 7;
/** Enough in flight to be worth eight workers, on few answers a second. */
const FLOOD_PACE = { requestsPerSecond: 200, concurrency: 64, adapt: false };
const ANSWER_MS = 8_000;
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
const client = dynamoClient({
  endpoint: stack.world.clientEnv['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
  region: stack.world.clientEnv['AWS_REGION'] ?? '',
  credentials: { accessKeyId: OWNER_KEY, secretAccessKey: 'local' },
});
const table = new DynamoTable(client, stack.world.resource('table', 'TablesControl').name);
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
  const [held, resting, beside]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < runs; i++) {
    await collecting(flooder, flood);
    held.push(await until(floodWorkers, (workers) => workers >= FLOOD_WORKERS));
    beside.push(await timed());
    await call(flooder, 'POST', `/runs/${flood}/pause`);
    await until(floodWorkers, (workers) => workers === 0);
    resting.push(await timed());
    await call(flooder, 'POST', `/runs/${flood}/resume`);
  }
  const { progress, shards } = await call<RunView>(flooder, 'GET', `/runs/${flood}`);
  await call(flooder, 'POST', `/runs/${flood}/stop`);
  const ratio = median(beside) / Math.min(median(before), median(resting));
  const told = { beforeMs: spread(before), restingMs: spread(resting), besideMs: spread(beside) };
  process.stdout.write(
    `${JSON.stringify({ targets, shards: shards.planned, floodCollected: progress.collected, floodWorkers: Math.min(...held), ...told, ratio: Math.round(ratio * 1000) / 1000 })}\n`,
  );
  if (values.check && ratio > RATIO_MAX) process.exitCode = 1;
} finally {
  client.destroy();
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
    (_, i) => `${origins[i % FLOOD_HOSTS]?.url ?? ''}/slow/${String(ANSWER_MS)}?n=${String(i)}`,
  );
  const put = await fetch(upload.url, { method: 'PUT', body: lines.join('\n') });
  if (!put.ok) throw new Error(`upload: ${String(put.status)}`);
  const { id } = await call<RunView>(key, 'POST', '/runs', {
    task: {
      name: 'flood',
      source: { list: upload.list },
      extract: { format: 'none' },
      pace: FLOOD_PACE,
    },
  });
  return id;
}

/** Until it has collected more than it had. */
async function collecting(key: string, flood: string): Promise<void> {
  const look = async (): Promise<number> => (await call<RunView>(key, 'GET', `/runs/${flood}`)).progress.collected;
  const before = await look();
  await until(look, (collected) => collected > before);
}

/** Workers that the flood holds. */
async function floodWorkers(): Promise<number> {
  const places = await table.get(placesKey('flooder', stack.world.clientEnv['AWS_REGION'] ?? ''));
  return Number(places?.count ?? 0);
}

/** @throws when it does not come to hold in two minutes. */
async function until<T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (const begun = Date.now(); ;) {
    const value = await look();
    if (holds(value)) return value;
    if (Date.now() > begun + 120_000) throw new Error(`waited in vain: ${JSON.stringify(value)}`);
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
