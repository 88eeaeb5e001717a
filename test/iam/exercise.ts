/**
 * Everything the stack does, once and in seconds: each grant of the template is needed somewhere in here. It fails as soon
 * as IAM refuses a call, and when something does not come out as it must. A new function, resource or right gets its
 * scenario here; `test/iam/grants.test.ts` says which grant has none.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientOf, type Client } from '#cli/client.ts';
import type { ApiRefusal } from '#cli/problem.ts';
import { verifyResults } from '#cli/verify.ts';
import type { JsonObject } from '#core/json.ts';
import { FUNCTIONS } from '#lambdas/contract.ts';
import type { RunView } from '#core/operations.ts';
import type { RunRow } from '#core/rows.ts';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { saveResults } from '#support/save-results.ts';
import { startGate, type Gate } from './gate.ts';
import { Owner } from './owner.ts';

export const LIST_BUCKET = 'gleaner-lists';
/** Longer than the slowest scenario on a busy machine. */
const PATIENCE_MS = 150_000;
const LOOK_MS = 50;

interface Rig {
  stack: EmbeddedStack;
  owner: Owner;
  client: Client;
  origin: Origin;
  dir: string;
  gates: Gate[];
  /** Scenarios that have not ended. */
  going: Set<string>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
function must(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

/**
 * @param assembly of the local stage, with `LIST_BUCKET` open for lists.
 * @throws with the first refusal, or with what did not come out.
 */
export async function exercise(assembly: string, usesDir?: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-exercise-'));
  const origin = await startOrigin({ pages: 7 });
  const gates: Gate[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const going = new Set<string>();
  const late = setTimeout(
    () => failed.reject(new Error(`the exercise does not end: ${[...going].join(', ')}`)),
    PATIENCE_MS,
  );
  let stack: EmbeddedStack | undefined;
  let owner: Owner | undefined;
  try {
    stack = await startEmbedded({
      dataDir: join(dir, 'data'),
      port: 0,
      log: () => undefined,
      assembly,
      listBuckets: [LIST_BUCKET],
      onRefusal: (message) => failed.reject(new Error(message)),
      ...(usesDir !== undefined && { usesDir }),
    });
    owner = new Owner(stack.world);
    const client = clientOf({ api: stack.apiUrl, key: stack.key, sleep: pause, chance: Math.random });
    await Promise.race([failed.promise, scenarios({ stack, owner, client, origin, dir, gates, going })]);
  } finally {
    clearTimeout(late);
    owner?.close();
    await stack?.close();
    await Promise.all([origin, ...gates].map((server) => server.close()));
    rmSync(dir, { recursive: true, force: true });
  }
}

async function scenarios(rig: Rig): Promise<void> {
  const named = async <T>(scenario: (rig: Rig) => Promise<T>): Promise<T> => {
    rig.going.add(scenario.name);
    const outcome = await scenario(rig);
    rig.going.delete(scenario.name);
    return outcome;
  };
  const steering = named(steered);
  // One after the other: each wants its own sweep to find what it left.
  const sweeping = named(inLine).then(() => named(mended));
  await Promise.all([steering, sweeping, ...[crawled, mapped, paced, lists, redriven, scheduled, broken].map(named)]);
  await settled(rig, await steering);
  logged(rig);
}

const task = (name: string, source: JsonObject, more: JsonObject = {}): JsonObject => ({
  name,
  source,
  extract: { format: 'html', fields: { title: 'title' } },
  pace: { requestsPerSecond: 100, concurrency: 4 },
  retry: { attempts: 1 },
  ...more,
});

async function until(client: Client, id: string, reached: (run: RunView) => boolean): Promise<RunView> {
  for (;;) {
    const run = await client.getRun(id);
    if (reached(run)) return run;
    await pause(LOOK_MS);
  }
}
async function changed(owner: Owner, id: string, into: (run: RunRow) => boolean): Promise<RunRow> {
  for (;;) {
    const run = await owner.run(id);
    if (into(run)) return run;
    await pause(LOOK_MS);
  }
}
async function ended(client: Client, id: string, state: RunView['state']): Promise<RunView> {
  const run = await until(client, id, ({ finishedAt }) => finishedAt !== undefined);
  must(`the end of ${run.taskId}`, run.state, state);
  return run;
}

/** From seeds to a signed manifest, read back by whoever asked. */
async function crawled({ client, origin, dir }: Rig): Promise<void> {
  const crawl = { seeds: [`${origin.url}/page/0`], depth: 2 };
  const document = task('crawled', { crawl, include: ['**/page/*'] }, { limits: { maxCostUsd: 1 } });
  const { id } = await client.startInline(document);
  await ended(client, id, 'SUCCEEDED');
  await saveResults(await client.results(id), join(dir, 'crawled'));
  must('the results', (await verifyResults(join(dir, 'crawled'))).ok, true);
  must('a target', (await client.explain(id, { url: `${origin.url}/page/3` })).bucket, 'collected');
  must('the list of runs', (await client.listRuns({ taskId: 'crawled' })).items.length, 1);
  await capped(client, new URL(origin.url).host);
}

/** The pace of a host is looked at, capped for everyone and let go. */
async function capped(client: Client, host: string): Promise<void> {
  must('the hosts', (await client.listHosts({})).items.map((each) => each.host).includes(host), true);
  must('the cap', (await client.putHost(host, { requestsPerSecond: 500, scope: 'everyone' })).limit, 500);
  await client.deleteHost(host, { scope: 'everyone' });
  must('no cap', (await client.getHost(host)).limit, undefined);
}

/** A sitemap is asked for at its host's pace, by the planner, with a secret that is replaced first and deleted then. */
async function mapped({ client, origin }: Rig): Promise<void> {
  for (const value of ['first', 'second']) await client.putSecret('map', value);
  const source = { sitemap: `${origin.url}/sitemap.xml`, include: ['**/page/*'] };
  const document = task('mapped', source, { fetch: { secretHeaders: { 'X-Map': 'map' } } });
  await ended(client, (await client.startInline(document)).id, 'SUCCEEDED');
  const sent = [...origin.requests('/sitemap.xml'), ...origin.requests('/page/3')].map(
    ({ headers }) => headers['x-map'],
  );
  must('the secret', sent.includes('second') && !sent.includes('first'), true);
  await client.deleteSecret('map');
}

/** An operator's word on a host, and what its record says. */
async function paced({ client, origin }: Rig): Promise<void> {
  const host = new URL(origin.url).host;
  await client.putHost(host, { requestsPerSecond: 500 });
  must('a host', (await client.getHost(host)).host, host);
  await client.deleteHost(host, {});
}

/** Lists from an upload and from a bucket of the operator; and those that are not there, which is no failure of S3. */
async function lists({ client, origin, owner }: Rig): Promise<void> {
  const upload = await client.createUpload();
  await fetch(upload.url, { method: 'PUT', body: origin.site(2).join('\n') });
  await owner.putObject(LIST_BUCKET, 'urls.txt', origin.site(3).join('\n'));
  const missing = (await client.createUpload()).list;
  const wanted: [string, string, RunView['state']][] = [
    ['uploaded', upload.list, 'SUCCEEDED'],
    ['not-uploaded', missing, 'FAILED'],
    ['in-bucket', `s3://${LIST_BUCKET}/urls.txt`, 'SUCCEEDED'],
    ['not-in-bucket', `s3://${LIST_BUCKET}/none.txt`, 'FAILED'],
  ];
  for (const [name, list, state] of wanted) {
    const run = await ended(client, (await client.startInline(task(name, { list }))).id, state);
    if (state === 'FAILED') must(name, run.error?.detail.includes('there is no such object'), true);
  }
}

/** Pause, resume, a worker killer found, stop. */
async function steered({ client, origin, owner }: Rig): Promise<string> {
  // More than there is time for: the run is under way until it is stopped.
  const range = { url: `${origin.url}/page/1?n={n}`, n: { from: 1, to: 1000 } };
  const pace = { requestsPerSecond: 10, concurrency: 2 };
  const { id } = await client.startInline(task('steered', { range }, { pace }));
  await until(client, id, ({ progress }) => origin.requests('/page/1?').length > 5 && progress.discovered > 0);
  await client.pauseRun(id);
  await until(client, id, ({ shards }) => shards.running === 0);
  // As if its workers had died of one target again and again.
  const [shard] = await owner.shards(id);
  if (shard !== undefined) await owner.setShard(shard, { tries: 60 });
  await client.resumeRun(id);
  const letters = async () => (await client.listDeadLetters({ runId: id })).items;
  while ((await letters()).length === 0) await pause(LOOK_MS);
  await client.stopRun(id);
  const run = await ended(client, id, 'STOPPED');
  must('targets that died', run.progress.failed, 1);
  return id;
}

/** A run that has ended is tidied up: what the leases of its shard that were given up may have left is deleted. */
async function settled({ owner, stack }: Rig, id: string): Promise<void> {
  await owner.setRun(id, { dueAt: 0 });
  await stack.world.invoke('FunctionsSweep', {});
  await changed(owner, id, (run) => run.duePk === undefined);
}

/** Failed targets once more, by run and by dead letter. */
async function redriven({ client, origin }: Rig): Promise<void> {
  const urls = [`${origin.url}/flaky/exercise?fail=1`, ...origin.site(2)];
  const { id } = await client.startInline(task('redriven', { urls }));
  await ended(client, id, 'PARTIAL');
  await client.redriveRun(id);
  await ended(client, id, 'SUCCEEDED');
}

async function opened({ gates }: Rig): Promise<Gate> {
  const gate = await startGate();
  gates.push(gate);
  return gate;
}

/** One run of a task at a time: the next starts when the first ends; one that is stopped while it waits ends by itself. */
async function inLine(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const gate = await opened(rig);
  await client.createTask(task('in-line', { urls: [`${gate.url}/`] }));
  const first = await client.startRun('in-line', 'queue');
  const second = await client.startRun('in-line', 'queue');
  must('the second run', second.waitsFor, first.id);
  must('a third run', await client.startRun('in-line', 'skip').catch((e: unknown) => (e as ApiRefusal).status), 409);
  await owner.setRun(second.id, { dueAt: 0 });
  await stack.world.invoke('FunctionsSweep', {});
  gate.open();
  for (const { id } of [first, second]) await ended(client, id, 'SUCCEEDED');
}

/** What the sweep finds and mends: a lost message, a dead one, an execution that is gone, a word that was not passed on. */
async function mended(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const [goneGate, unheardGate] = [await opened(rig), await opened(rig)];
  const start = (name: string, gate: Gate) => client.startInline(task(name, { urls: [`${gate.url}/`] }));
  const [gone, unheard] = [await start('gone', goneGate), await start('unheard', unheardGate)];
  await Promise.all([goneGate.reached(), unheardGate.reached()]);
  const [shard] = await owner.shards(gone.id);
  if (shard === undefined) throw new Error('a run without shards');
  const { tokens = [] } = await changed(owner, unheard.id, (run) => run.tokens !== undefined);
  await owner.setShard(shard, { dueAt: 0 });
  await owner.stopExecution(gone.id, 0);
  await owner.setRun(gone.id, { dueAt: 0 });
  await owner.setRun(unheard.id, { dueAt: 0, state: 'FINALIZING', stopReason: 'user' });
  const { tenant, runId, shardId } = shard;
  await owner.sendMessage('ShardsDeadLetters', JSON.stringify({ v: 1, tenant, runId, shardId }));
  await stack.world.invoke('FunctionsSweep', {});
  // By this sweep or by that of the minute.
  await changed(owner, gone.id, (run) => run.attempt === 1);
  const letters = async () => (await client.listDeadLetters({ runId })).items;
  while ((await letters()).length === 0) await pause(LOOK_MS);
  const [letter] = await letters();
  must('a dead letter', (await client.redriveDeadLetters([letter?.id ?? ''])).redriven, [letter?.id]);
  goneGate.open();
  await ended(client, gone.id, 'SUCCEEDED');
  await ended(client, unheard.id, 'STOPPED');
  // A call of Await that comes when its wait is long over answers the token by itself.
  await stack.world.invoke('FunctionsAwait', { tenant, runId: unheard.id, attempt: 0, round: 0, token: tokens[0] ?? '' }); // prettier-ignore
}

/** A schedule that is put up, changed and taken away; due runs called for, found by the sweep, and one that nobody takes. */
async function scheduled(rig: Rig): Promise<void> {
  const { client, owner, stack } = rig;
  const gate = await opened(rig);
  const urls = { urls: [`${gate.url}/`] };
  const schedule = (cron: string): JsonObject => ({
    schedule: { cron, overlap: 'queue' },
    alerts: { notify: [{ webhook: `${gate.url}/` }] },
  });
  const made = await client.createTask(task('scheduled', urls, schedule('0 3 * * *')));
  const put = await client.replaceTask('scheduled', task('scheduled', urls, schedule('0 * * * *')), made.etag);
  const [part] = stack.world.schedules.list();
  await owner.putWaiter('scheduled', '0'.repeat(26));
  for (const at of put.schedule?.nextRuns.slice(0, 2) ?? [])
    must('a call', await stack.world.schedules.fire(part?.group ?? '', part?.name ?? '', Date.parse(at)), true);
  const runs = (await client.listRuns({ taskId: 'scheduled' })).items;
  must('the runs that were due', runs.map(({ waitsFor }) => waitsFor), [runs[1]?.id, undefined]); // prettier-ignore
  gate.open();
  for (const { id } of runs) await ended(client, id, 'SUCCEEDED');
  await owner.setSchedule('scheduled', { doneTo: Date.now() - 5 * 3_600_000, dueAt: 0 });
  await stack.world.invoke('FunctionsSweep', {});
  while (((await client.getTask('scheduled')).schedule?.missed ?? 0) === 0) await pause(LOOK_MS);
  await owner.scheduleNonsense();
  while (!(await owner.hasMessage('SchedulesDeadLetters'))) await pause(LOOK_MS);
  await client.deleteTask('scheduled');
  const dueAt = new Date().toISOString();
  await stack.world.invoke('FunctionsNotify', {});
  must('what was told', stack.world.events().length > 0, true);
  const secret = await fetch(`${stack.apiUrl}/v1/webhook-secret`, {
    headers: { authorization: `Bearer ${stack.key}` },
  });
  must('the secret of webhooks', secret.status, 200);
  const late = await stack.world.invoke('FunctionsFire', { tenant: 'local', taskId: 'scheduled', dueAt });
  must('a call that comes too late', late, { outcome: 'noSchedule' });
}

/** A large object whose source breaks off takes its parts away again, by whichever function streams. */
async function broken({ owner }: Rig): Promise<void> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 20; i++) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
    throw new Error('the source broke off');
  }
  for (const name of ['Plan', 'Merge', 'Finish', 'Work']) {
    const put = owner.blobsOf(`Functions${name}`).put(`t/local/exercise/${name}`, source(), 'text/plain');
    must(name, await put.catch((error: unknown) => (error as Error).message), 'the source broke off');
  }
}

function logged({ dir }: Rig): void {
  for (const name of FUNCTIONS) {
    const file = join(dir, 'data', 'logs', `${name}.log`);
    must(`the log of ${name}`, existsSync(file) && readFileSync(file).length > 0, true);
  }
}
