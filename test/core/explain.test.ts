import { beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '#core/operations.ts';
import { MemoryWorld, caller, task } from '#support/memory-world.ts';
import { ok } from '#support/run-outcome.ts';

let world: MemoryWorld;
let runId: string;
const explain = async (url: string, method?: string): Promise<Explanation> =>
  ok(await world.service.explain(caller, runId, { url, ...(method !== undefined && { method }) }));
const told = ({ story }: Explanation): string => story.map(({ says }) => says).join('\n');

beforeAll(async () => {
  world = await new MemoryWorld().open();
  let refusals = 1;
  world.web = ({ url }) => {
    if (url.endsWith('/gone')) return { status: 404 };
    if (url.endsWith('/flaky') && refusals-- > 0) return { status: 503 };
    return { body: url.endsWith('/flaky') ? 'fine' : 'see https://a.example/found and https://a.example/x.pdf' };
  };
  world.robots = (url) =>
    url.endsWith('/private') ? { kind: 'disallowed', rule: 'Disallow: /private' } : { kind: 'allowed' };
  const seeds = ['', 'flaky', 'gone', 'private', 'flaky#top'].map((path) => `https://a.example/${path}`);
  const crawl = { seeds, depth: 1, scope: 'host' as const, links: 'a[href]', maxTargets: 100 };
  runId = await world.startRun(task({ source: { crawl, exclude: ['**/*.pdf'] } }));
  expect(await world.play(runId)).toBe('PARTIAL');
});

describe('a target that was collected', () => {
  it('is told from its discovery to its record', async () => {
    const found = await explain('https://A.example:443/%66ound#x');
    expect(found).toMatchObject({
      url: 'https://a.example/found',
      bucket: 'collected',
      attempts: 1,
      records: 1,
      status: 200,
      discovered: { by: 'link', round: 1, depth: 1, from: 'https://a.example/' },
      shard: { state: 'DONE', epoch: 1 },
      namedAgain: 0,
    });
    const [part] = found.parts;
    const lines = [];
    const file = `t/acme/runs/${runId}/parts/${part?.file.slice('records-'.length) ?? ''}`;
    for await (const line of world.objects.readLines(file)) lines.push(line);
    expect(JSON.parse(lines[(part?.line ?? 0) - 1] ?? '{}')).toMatchObject({ url: 'https://a.example/found' });
    expect(told(found)).toContain('found in https://a.example/, in round 1');
    expect(told(found)).toContain('1 record in records-');
  });

  it('after a refusal tells of the wait, and that it was named again', async () => {
    const flaky = await explain('https://a.example/flaky');
    expect(flaky).toMatchObject({ bucket: 'collected', attempts: 2, lastFailure: 'HTTP 503', namedAgain: 1 });
    expect(flaky.waitedMs).toBeGreaterThan(0);
    expect(told(flaky)).toMatch(/asked for 2 times, waiting [\d.]+ s in between after HTTP 503/);
    expect(told(flaky)).toContain('named again once');
  });
});

it.each([
  ['https://a.example/gone', { bucket: 'failed', reason: 'status', status: 404, attempts: 1 }, 'ended as failed: status, HTTP 404'],
  ['https://a.example/private', { bucket: 'disallowed', attempts: 0 }, 'Disallow: /private'],
  ['https://a.example/x.pdf', { bucket: 'excluded', attempts: 0 }, 'decided while planning'],
])('%s', async (url, expected, says) => {
  const explained = await explain(url);
  expect(explained).toMatchObject(expected);
  expect(told(explained)).toContain(says);
}); // prettier-ignore

it('says so when the run names no such target', async () => {
  for (const url of ['https://a.example/elsewhere', 'https://b.example/'])
    expect(await world.service.explain(caller, runId, { url })).toMatchObject({ ok: false, refusal: { status: 404 } });
  expect(await world.service.explain(caller, runId, { url: 'https://a.example/', method: 'POST' })).toMatchObject({
    ok: false,
  });
});

it('a pending target tells when it is asked for again', async () => {
  const busy = await new MemoryWorld().open();
  busy.web = () => ({ status: 503, headers: { 'retry-after': '600' } });
  const id = await busy.startRun(task({ source: { urls: ['https://a.example/later'] } }));
  await busy.play(id, async () => {
    const [entry] = busy.queued.splice(0);
    if (entry) busy.queued.push(entry);
    const waiting = async () => ok(await busy.service.explain(caller, id, { url: 'https://a.example/later' }));
    expect(await waiting()).toMatchObject({ bucket: 'pending', attempts: 0 });
    busy.web = () => ({});
    await busy.drain();
    expect((await waiting()).bucket).toBe('collected');
  });
});
