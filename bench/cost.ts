/**
 * `npm run bench:cost`: what a run makes AWS do on the embedded stack, for 1,000, 10,000 and 100,000 targets of about 50 KB, in US
 * dollars per million targets by service, beside the design with one message per page. Options: `--targets 1000,10000,100000`,
 * `--quick` (1,000 and 5,000), `--rate 500` (requests per second that the host allows; the machine bears more), `--write` (docs/benchmarks.md), `--check` (exit 1 when bench/budgets.json is passed).
 *
 * Dollars come from the meter of the product itself (`src/core/usage.ts`), calls are counted at the emulators: of all
 * functions while the run lasted, those that run every minute included.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RunView } from '#core/operations.ts';
import { readUsage, type Usage } from '#core/usage.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { TRANSITIONS } from '#lambdas/contract.ts';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import { costTables, faultsOf, type CostBudget, type Measured } from './cost-report.ts';
import { FIELDS } from './cost-task.ts';
import { naive } from './naive.ts';
import { machine, writeSection } from './section.ts';

/** Of the naive design: its costs are by page, so few tell as much as many. */
const NAIVE_PAGES = 500;
/** A host that allows more than the workers can do. */
const RATE_MAX = 1_000;
const UNBOUND_TARGETS = 10_000;
const NOTES = `Dollars are the run's own meter; calls are counted at the emulators, of all functions while the run lasted. One message per page stands for a message,
an invocation (256 MB), three writes of the page's state, an object and a child of a distributed map, as a client of its own against the same emulators; _without its map_
leaves the child's two transitions out. Of the promises, cost per target, its growth and its distance to that design hold from some thousand targets on. A slow host takes more calls, since a
reservation carries about a second of it. Lambda's time is that of this machine, whose processors two workers share with the emulators and the origin.
`;

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '1000,10000,100000' },
    quick: { type: 'boolean', default: false },
    rate: { type: 'string', default: '500' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const rate = Number(values.rate);
const sizes = values.quick ? [1_000, 5_000] : values.targets.split(',').map(Number);

/** What has been counted since the last reset. */
const calls = new Map<string, number>();
const gbSeconds = new Map<string, number>();
const add = (map: Map<string, number>, key: string, amount: number): unknown =>
  map.set(key, (map.get(key) ?? 0) + amount);

const origin = spawn(process.execPath, [fileURLToPath(new URL('cost-origin.ts', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-cost-'));
let stack: EmbeddedStack | undefined;
try {
  const told = await new Promise<string>((resolve) => origin.stdout.once('data', (data: Buffer) => resolve(data.toString()))); // prettier-ignore
  const { port, bytes } = JSON.parse(told) as { port: number; bytes: number };
  stack = await startEmbedded({
    dataDir,
    port: 0,
    log: () => undefined,
    // As many as the machine has processors: more would only wait for one another, at full price.
    concurrencyMax: 2,
    onCall: (action, key) => (key?.startsWith('function.') ? add(calls, action, 1) : undefined),
    onInvoked: ({ environment, name, memoryMb }, ms) => {
      const service = environment['POWERTOOLS_SERVICE_NAME'] ?? name;
      add(gbSeconds, service.replace(/^.*-/, ''), (ms * memoryMb) / 1024 / 1000);
      add(calls, 'lambda:Invoke', 1);
    },
  });
  const url = `http://127.0.0.1:${String(port)}`;
  // Sandboxes start before anything is counted, as they do before most runs of a stage in use.
  await measured(stack, url, 100, rate);
  const runs: Measured[] = [];
  for (const size of sizes) {
    runs.push(await measured(stack, url, size, rate));
    console.error(`${String(size)} targets: ${runs.at(-1)?.seconds.toFixed(0) ?? ''} s`);
  }
  const unbound = await measured(stack, url, UNBOUND_TARGETS, RATE_MAX);
  const plain = await naive(stack.world, url, NAIVE_PAGES);
  const text = costTables(runs, unbound, { ...plain, targets: NAIVE_PAGES });
  process.stdout.write(text);
  if (values.write) {
    const how = `Pages of ${String(Math.round(bytes / 1000))} KB from one host on loopback that allows ${values.rate} requests per second, no egress, no storage; the column _unbound_: one that allows more than the workers can do. List prices of src/core/prices.ts (${machine()}).`;
    writeSection('cost', 'Cost', 'npm run bench:cost -- --write', `${how}\n\n${text}\n${NOTES}`);
  }
  if (values.check) {
    const { cost } = JSON.parse(readFileSync(new URL('budgets.json', import.meta.url), 'utf8')) as { cost: CostBudget };
    const faults = faultsOf(runs, { ...plain, targets: NAIVE_PAGES }, cost);
    for (const fault of faults) console.error(fault);
    process.exitCode = faults.length > 0 ? 1 : 0;
  }
} finally {
  await stack?.close();
  origin.stdin.end();
  rmSync(dataDir, { recursive: true, force: true });
}

async function measured(stack: EmbeddedStack, url: string, targets: number, rate: number): Promise<Measured> {
  calls.clear();
  gbSeconds.clear();
  const begun = performance.now();
  const call = async (method: string, path: string, body?: object): Promise<RunView> => {
    const response = await fetch(`${stack.apiUrl}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${stack.key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (await response.json()) as RunView;
  };
  const task = {
    name: `cost-${String(targets)}`,
    source: { range: { url: `${url}/p/{n}`, n: { from: 1, to: targets } } },
    extract: { format: 'html', fields: FIELDS },
    pace: { requestsPerSecond: rate, concurrency: 256, adapt: false },
  };
  const { id } = await call('POST', '/runs', { task });
  const table = new DynamoTable(
    dynamoClient({
      endpoint: stack.world.clientEnv['AWS_ENDPOINT_URL_DYNAMODB'] ?? '',
      region: stack.world.clientEnv['AWS_REGION'] ?? '',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    stack.world.resource('table', 'TablesControl').name,
  );
  // By the table, so that looking is no call of a function. The last charge comes after the end of the run.
  const { plan, dispatch, await: wait, finish } = TRANSITIONS;
  const all = plan + dispatch + wait + finish;
  let usage: Usage = {};
  while ((usage.transitions ?? 0) < all || !stack.world.idle()) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    usage = (await readUsage(table, 'local', id)) ?? {};
  }
  const seconds = (performance.now() - begun) / 1000;
  // Before the run is looked at.
  const counted = new Map(calls);
  const spent = new Map(gbSeconds);
  const { state, progress } = await call('GET', `/runs/${id}`);
  if (state !== 'SUCCEEDED' || progress.collected !== targets)
    throw new Error(`${String(targets)} targets: ${state}, ${JSON.stringify(progress)}`);
  // The feed's receiving and deleting goes past the emulators' front.
  counted.set('sqs:ReceiveMessage, DeleteMessage', 2 * (usage.lambdaRequests ?? 0) - 2 * 4);
  counted.set('states: transitions', usage.transitions ?? 0);
  return { targets, seconds, usage, calls: counted, gbSeconds: spent };
}
