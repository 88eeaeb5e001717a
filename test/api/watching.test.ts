/** Whoever watches is told in a few bytes that nothing has changed. */
import { beforeAll, expect, it } from 'vitest';
import { realApi, type RealApi } from './real-api.ts';

let api: RealApi;
beforeAll(async () => {
  api = await realApi();
});
const RUN_PATHS = ['', '/shards', '/timeline', '/ledger', '/records'];
const paths = (): string[] => [
  '/v1/runs',
  '/v1/hosts',
  '/v1/alerts',
  ...RUN_PATHS.map((p) => `/v1/runs/${api.ids.runId}${p}`),
];

it('the same answer is 304 without a body, to its entity tag alone', async () => {
  for (const path of paths()) {
    const first = await api.send(`GET ${path}`, { key: api.keys.read });
    const etag = first.headers['etag'] ?? '';
    expect([path, first.status, etag]).toEqual([path, 200, expect.stringMatching(/^W\/"[\w-]{22}"$/)]);
    const again = await api.send(`GET ${path}`, { key: api.keys.read, headers: { 'if-none-match': etag } });
    expect([path, again.status, again.body]).toEqual([path, 304, '']);
    const other = await api.send(`GET ${path}`, { key: api.keys.read, headers: { 'if-none-match': 'W/"other"' } });
    expect([path, other.status]).toEqual([path, 200]);
  }
});

it('what has changed has another tag, and a stranger gets none', async () => {
  const path = `/v1/runs/${api.ids.runId}`;
  const { headers } = await api.send(`GET ${path}`, { key: api.keys.read });
  const etag = headers['etag'] ?? '';
  const stranger = await api.send(`GET ${path}`, { key: api.keys.otherAdmin, headers: { 'if-none-match': etag } });
  expect(stranger.status).toBe(404);
  await api.send(`POST ${path}/stop`, { key: api.keys.write });
  const after = await api.send(`GET ${path}`, { key: api.keys.read, headers: { 'if-none-match': etag } });
  expect(after.status).toBe(200);
});
