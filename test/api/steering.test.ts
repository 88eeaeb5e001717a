import { describe, expect, it } from 'vitest';
import { PAGE_LIMIT_MAX, URL_CHARS_MAX } from '#core/limits.ts';
import { EXPLANATION, SIGNING_KEY } from '#support/fake-views.ts';
import { client, json, RUN, started } from './client.ts';
import { SMALL } from './task-documents.ts';

const conflict = { status: 409, type: 'urn:gleaner:problem:conflict' };

describe('a run', () => {
  it('is stopped once', async () => {
    const { send } = await started();
    expect(json(await send(`POST /v1/runs/${RUN}/stop`))).toMatchObject({ state: 'STOPPED' });
    expect(json(await send(`POST /v1/runs/${RUN}/stop`))).toMatchObject(conflict);
  });

  it('is paused and goes on', async () => {
    const { send } = await started();
    const paused = await send(`POST /v1/runs/${RUN}/pause`);
    expect([paused.status, json(paused)]).toMatchObject([200, { state: 'PAUSED', pausedAt: expect.any(String) }]);
    const resumed = await send(`POST /v1/runs/${RUN}/resume`);
    expect([resumed.status, json(resumed).state]).toEqual([200, 'RUNNING']);
    expect(json(resumed)).not.toHaveProperty('pausedAt');
  });

  it('that has ended is redriven, and neither paused nor resumed', async () => {
    const { send } = await started();
    expect(json(await send(`POST /v1/runs/${RUN}/redrive`))).toMatchObject(conflict);
    await send(`POST /v1/runs/${RUN}/stop`);
    for (const verb of ['pause', 'resume'])
      expect(json(await send(`POST /v1/runs/${RUN}/${verb}`))).toMatchObject(conflict);
    const again = await send(`POST /v1/runs/${RUN}/redrive`);
    expect([again.status, again.headers.location]).toEqual([202, `/v1/runs/${RUN}`]);
    expect(json(again)).toMatchObject({ id: RUN, state: 'QUEUED', redrives: 1 });
  });

  it.each(['stop', 'pause', 'resume', 'redrive'])('of another tenant: %s is 404', async (verb) => {
    const { send } = await started();
    expect((await send(`POST /v1/runs/${RUN}/${verb}`, { key: 'other-key' })).status).toBe(404);
    expect(json(await send(`POST /v1/runs/${RUN}/${verb}`, { body: { now: true } }))).toMatchObject({
      status: 400,
      errors: [{ path: 'now' }],
    });
  });
});

describe('overlap', () => {
  it.each<[unknown, string | undefined]>([
    [undefined, undefined],
    [{}, undefined],
    [{ overlap: 'skip' }, 'skip'],
    [{ overlap: 'queue' }, 'queue'],
    [{ overlap: 'allow' }, 'allow'],
  ])('%j is handed on as %s, for stored and for inline tasks', async (body, overlap) => {
    const { send, operations } = await started();
    operations.overlaps.length = 0;
    expect((await send('POST /v1/tasks/small/runs', { body })).status).toBe(202);
    const inline = { task: SMALL, ...(body as object | undefined) };
    expect((await send('POST /v1/runs', { body: inline })).status).toBe(202);
    expect(operations.overlaps).toEqual([overlap, overlap]);
  });

  it.each<[string, object]>([
    ['POST /v1/tasks/small/runs', {}],
    ['POST /v1/runs', { task: SMALL }],
  ])('of %s is one of three', async (route, body) => {
    const { send } = await started();
    expect(json(await send(route, { body: { ...body, overlap: 'wait' } }))).toMatchObject({
      status: 400,
      errors: [{ path: 'overlap', message: 'expected one of skip, queue, allow, got "wait"' }],
    });
  });

  it('that is wrong is told beside what is wrong in the task', async () => {
    const { send } = client();
    const wrong = { task: { ...SMALL, name: 'A' }, overlap: 1 };
    expect(json(await send('POST /v1/runs', { body: wrong }))).toMatchObject({
      errors: [{ path: 'overlap' }, { path: 'task.name' }],
    });
  });
});

describe('explain', () => {
  const path = `GET /v1/runs/${RUN}/explain`;
  it('tells the story of one target', async () => {
    const { send } = await started();
    expect(json(await send(path, { query: { url: EXPLANATION.url } }))).toEqual(EXPLANATION);
    const posted = await send(path, { query: { url: EXPLANATION.url, method: 'POST' } });
    expect(json(posted)).toMatchObject({ method: 'POST' });
  });

  it('is 404 for a target, a run or a tenant that is another', async () => {
    const { send } = await started();
    const query = { url: EXPLANATION.url };
    expect((await send(path, { query: { url: 'no URL at all' } })).status).toBe(404);
    expect((await send(path, { query, key: 'other-key' })).status).toBe(404);
    expect((await send(`GET /v1/runs/${RUN.replace('1', '2')}/explain`, { query })).status).toBe(404);
  });

  it.each<[Record<string, string>, string, string]>([
    [{}, 'query.url', `expected a URL of at most ${String(URL_CHARS_MAX)} characters, got nothing`],
    [{ url: '' }, 'query.url', `expected a URL of at most ${String(URL_CHARS_MAX)} characters, got ""`],
    [{ url: 'x'.repeat(URL_CHARS_MAX + 1) }, 'query.url', expect.stringContaining('got "xxx') as string],
    [{ url: 'a', method: 'get' }, 'query.method', expect.stringContaining('one of GET, HEAD') as string],
    [{ url: 'a', body: 'b' }, 'query.body', 'unknown field; known here: url, method'],
  ])('%j is refused', async (query, where, message) => {
    const { send } = await started();
    expect(json(await send(path, { query }))).toMatchObject({ status: 400, errors: [{ path: where, message }] });
  });
});

describe('dead letters', () => {
  it('are listed by pages, by run, and by tenant', async () => {
    const { send } = client();
    const first = json(await send('GET /v1/dead-letters', { query: { limit: '1' } }));
    expect(first).toMatchObject({ items: [{ id: 'd1', kind: 'target' }], nextCursor: '1' });
    const ofRun = json(await send('GET /v1/dead-letters', { query: { runId: RUN } }));
    expect(ofRun).toMatchObject({ items: [{ id: 'd1' }] });
    expect(json(await send('GET /v1/dead-letters', { key: 'other-key' }))).toEqual({ items: [] });
    expect(json(await send('GET /v1/dead-letters', { query: { runId: 'x' } }))).toMatchObject({
      errors: [{ path: 'query.runId', message: 'expected a run id, got "x"' }],
    });
  });

  it.each<[unknown, object]>([
    [undefined, { redriven: ['d1', 'd2'], refused: [] }],
    [{}, { redriven: ['d1', 'd2'], refused: [] }],
    [{ ids: ['d2', 'd2'] }, { redriven: ['d2'], refused: [] }],
    [{ ids: ['d3'] }, { redriven: [], refused: [{ id: 'd3', detail: 'there is no such dead letter' }] }],
  ])('are redriven by %j', async (body, answer) => {
    const response = await client().send('POST /v1/dead-letters/redrive', { body });
    expect([response.status, json(response)]).toEqual([200, answer]);
  });

  const oneTo = (n: number): string[] => Array.from({ length: n }, (_, i) => String(i));
  it.each<[unknown, string]>([
    [{ ids: [] }, 'ids'],
    [{ ids: oneTo(PAGE_LIMIT_MAX + 1) }, 'ids'],
    [{ ids: [''] }, 'ids[0]'],
    [{ ids: [1] }, 'ids[0]'],
    [{ id: 'd1' }, 'id'],
  ])('are not redriven by a body that is wrong %#', async (body, path) => {
    const response = await client().send('POST /v1/dead-letters/redrive', { body });
    expect(json(response)).toMatchObject({ status: 400, errors: [{ path }] });
  });
});

it('shows the keys that sign, to any key of any tenant', async () => {
  for (const key of ['read-key', 'other-key'])
    expect(json(await client().send('GET /v1/signing-keys', { key }))).toEqual({ items: [SIGNING_KEY] });
});
