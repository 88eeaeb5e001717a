/** What bounds and stops the whole, on the embedded stack: heads of requests that are too large, and `cacheOnly`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HEAD_BYTES_MAX } from '#api/request-head.ts';
import { clientOf, type Client } from '#cli/client.ts';
import type { RunView } from '#core/operations.ts';
import { startEmbedded, type EmbeddedStack } from '#local/embedded.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { Owner } from '../iam/owner.ts';
import { pause, task } from '../iam/rig.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-operator-'));
let stack: EmbeddedStack;
let origin: Origin;
let owner: Owner;
let client: Client;

beforeAll(async () => {
  origin = await startOrigin({ pages: 40 });
  stack = await startEmbedded({ dataDir, port: 0, log: () => undefined });
  owner = new Owner(stack.world);
  client = clientOf({ api: stack.apiUrl, key: stack.key, sleep: pause, chance: Math.random });
});
afterAll(async () => {
  owner.close();
  await stack.close();
  await origin.close();
  rmSync(dataDir, { recursive: true, force: true });
});

it.each([
  [HEAD_BYTES_MAX, 200],
  [HEAD_BYTES_MAX + 1, 431],
  [100_000, 431],
])('a request whose line and header values have %s bytes is answered with %s', async (bytes, status) => {
  const { host } = new URL(stack.apiUrl);
  const bare = `GET /v1/health HTTP/1.1${host}close`.length;
  const headers = { host, connection: 'close', 'x-long': 'a'.repeat(bytes - bare) };
  const [code, type, body] = await new Promise<[number | undefined, string | undefined, string]>((resolve, reject) => {
    request(`${stack.apiUrl}/v1/health`, { headers, agent: false }, (answer) => {
      text(answer).then((body) => resolve([answer.statusCode, answer.headers['content-type'], body]), reject);
    })
      .on('error', reject)
      .end();
  });
  expect(code).toBe(status);
  if (status === 431) {
    expect(type).toBe('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ type: 'urn:gleaner:problem:head-too-large', status });
  }
});

it(
  'cacheOnly: nothing is asked of origins, what waits says so, and goes on when it is lifted',
  { timeout: 90_000 },
  async () => {
    const switchTo = (switches: object): void =>
      writeFileSync(join(dataDir, 'operator.json'), JSON.stringify(switches));
    /** As if a minute had passed, again and again. */
    const later = async (runs: string[], reached: () => Promise<boolean>): Promise<void> => {
      while (!(await reached())) {
        await owner.ageSwitches();
        for (const id of runs) await owner.setRun(id, { dueAt: 0 });
        await stack.world.invoke('FunctionsSweep', {});
        await pause(500);
      }
    };
    const isHeld = ({ heldBy }: RunView): boolean => heldBy === 'operator';
    const pace = { requestsPerSecond: 4, concurrency: 1, adapt: false };
    const going = await client.startInline(task('going', { urls: origin.site(40) }, { pace }));
    while (origin.requests('/page/').length < 3) await pause(100);
    switchTo({ cacheOnly: true });
    await later([going.id], async () => isHeld(await client.getRun(going.id)));
    await later([], async () => (await (await fetch(`${stack.apiUrl}/v1/health`)).text()).includes('"cacheOnly":true'));
    await later([], async () => (await client.getRun(going.id)).shards.running === 0);
    const asked = origin.requests('/').length;
    const mapped = await client.startInline(task('mapped', { sitemap: `${origin.url}/sitemap.xml` }));
    expect([mapped.state, mapped.heldBy]).toEqual(['QUEUED', 'operator']);
    expect((await client.getRun(going.id)).state).toBe('PAUSED');
    let passes = 0;
    await later([going.id, mapped.id], () => Promise.resolve(++passes > 3));
    expect(origin.requests('/')).toHaveLength(asked);
    switchTo({});
    const ended = async (id: string): Promise<boolean> => (await client.getRun(id)).finishedAt !== undefined;
    await later([going.id, mapped.id], async () => (await ended(going.id)) && (await ended(mapped.id)));
    for (const { id } of [going, mapped]) {
      const { state, progress } = await client.getRun(id);
      expect([state, progress.collected, progress.failed]).toEqual(['SUCCEEDED', 40, 0]);
    }
  },
);
