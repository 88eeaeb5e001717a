/** Runs as people have them made, from seeds, sitemaps and lists to results, and what becomes of those that are steered. */
import { join } from 'node:path';
import { verifyResults } from '#cli/verify.ts';
import type { RunView } from '#core/operations.ts';
import { saveResults } from '#support/save-results.ts';
import type { Client } from '#cli/client.ts';
import { changed, ended, LIST_BUCKET, LOOK_MS, must, pause, type Rig, task, until } from './rig.ts';

/** From seeds to a signed manifest, read back by whoever asked. */
export async function crawled({ client, origin, dir }: Rig): Promise<void> {
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
export async function mapped({ client, origin }: Rig): Promise<void> {
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
export async function paced({ client, origin }: Rig): Promise<void> {
  const host = new URL(origin.url).host;
  await client.putHost(host, { requestsPerSecond: 500 });
  must('a host', (await client.getHost(host)).host, host);
  await client.deleteHost(host, {});
}

/** Lists from an upload and from a bucket of the operator; and those that are not there, which is no failure of S3. */
export async function lists({ client, origin, owner }: Rig): Promise<void> {
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

/** Failed targets once more, by run and by dead letter. */
export async function redriven({ client, origin }: Rig): Promise<void> {
  const urls = [`${origin.url}/flaky/exercise?fail=1`, ...origin.site(2)];
  const { id } = await client.startInline(task('redriven', { urls }));
  await ended(client, id, 'PARTIAL');
  await client.redriveRun(id);
  await ended(client, id, 'SUCCEEDED');
}

/** A large object whose source breaks off takes its parts away again, by whichever function streams. */
export async function broken({ owner }: Rig): Promise<void> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 20; i++) yield await Promise.resolve(Buffer.alloc(1024 * 1024));
    throw new Error('the source broke off');
  }
  for (const name of ['Plan', 'Merge', 'Finish', 'Work']) {
    const put = owner.blobsOf(`Functions${name}`).put(`t/local/exercise/${name}`, source(), 'text/plain');
    must(name, await put.catch((error: unknown) => (error as Error).message), 'the source broke off');
  }
}

/** Pause, resume, a worker killer found, stop. */
export async function steered({ client, origin, owner, stack }: Rig): Promise<void> {
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
  // It is tidied up: what the leases of its shard that were given up may have left is deleted.
  await owner.setRun(id, { dueAt: 0 });
  await stack.world.invoke('FunctionsSweep', {});
  await changed(owner, id, (row) => row.duePk === undefined);
}
