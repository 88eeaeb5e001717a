import { describe, expect, it } from 'vitest';
import { createApi } from '#api/api.ts';
import { ANSWER_BYTES_MAX, BODY_BYTES_MAX } from '#api/http.ts';
import { HEAD_BYTES_MAX, headBytes } from '#api/request-head.ts';
import { client, json, RUN, started } from './client.ts';
import { SMALL } from './task-documents.ts';

describe('request line and headers', () => {
  it.each([
    [HEAD_BYTES_MAX, 200],
    [HEAD_BYTES_MAX + 1, 431],
  ])('of %s bytes together: %s', async (bytes, status) => {
    const { api } = client();
    const head = { method: 'GET', target: '/v1/health?', headers: { 'x-forwarded-for': '203.0.113.7' } };
    const name = 'x-é';
    const filled = (value: string) => headBytes({ ...head, headers: { ...head.headers, [name]: value } });
    const value = 'a'.repeat(bytes - filled(''));
    expect(filled(value)).toBe(bytes);
    const answer = await api({ method: 'GET', path: '/v1/health', query: {}, headers: {}, headBytes: filled(value) });
    expect(answer.status).toBe(status);
    if (status === 431)
      expect([answer.headers['content-type'], json(answer)]).toEqual([
        'application/problem+json',
        {
          type: 'urn:gleaner:problem:head-too-large',
          title: 'The headers of the request are too large',
          status: 431,
          detail: 'request line and header values have 10241 bytes, at most 10240 are taken together',
          instance: 'request-1',
        },
      ]);
  });
  it('are counted in bytes, cookies too, and without what the gateway adds', () => {
    const bare = headBytes({ method: 'GET', target: '/', headers: {} });
    expect(bare).toBe('GET / HTTP/1.1'.length);
    const headers = { 'x-a': 'é', 'x-amzn-trace-id': 'Root=1', 'x-forwarded-proto': 'https' };
    expect(headBytes({ method: 'GET', target: '/', headers, cookies: ['a=1', 'b=2'] })).toBe(bare + 2 + 8);
  });
});

describe('bodies', () => {
  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const response = await client().send('POST /v1/tasks', { body, headers });
    return { status: response.status, ...json(response) };
  };

  it.each<[string, unknown, Record<string, string>, object]>([
    ['nothing', undefined, {}, { status: 400, errors: [{ path: '', message: 'expected a body, got nothing' }] }],
    ['a list', [], {}, { status: 400, errors: [{ path: '', message: 'expected an object, got a list of 0' }] }],
    [
      'cut off',
      '{\n "name": ',
      {},
      { status: 400, errors: [{ path: '', message: 'line 2, column 10: the text ends, expected a value' }] },
    ],
    [
      'a key twice',
      '{"a":1,"a":2}',
      {},
      { status: 400, errors: [{ path: '', message: 'line 1, column 8: the object has this key twice' }] },
    ],
    [
      'not UTF-8',
      new Uint8Array([0x22, 0xff, 0x22]),
      {},
      { status: 400, errors: [{ path: '', message: 'expected UTF-8 text' }] },
    ],
    ['too large', ' '.repeat(BODY_BYTES_MAX + 1), {}, { status: 413, type: 'urn:gleaner:problem:too-large' }],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, { status: 415 }],
    ['latin1', SMALL, { 'content-type': 'application/json; charset=iso-8859-1' }, { status: 415 }],
    ['gzipped', SMALL, { 'content-encoding': 'gzip' }, { status: 415 }],
    ['JSON with a charset', SMALL, { 'content-type': 'application/json; charset=UTF-8' }, { status: 201 }],
    ['JSON without a type', SMALL, {}, { status: 201 }],
    ['bytes', new TextEncoder().encode(JSON.stringify(SMALL)), {}, { status: 201 }],
    [
      'YAML',
      'name: small\nsource:\n  urls: [https://a.example/]\n',
      { 'content-type': 'application/yaml' },
      { status: 201 },
    ],
    ['YAML as JSON', 'name: small', { 'content-type': 'application/json' }, { status: 400 }],
    ['broken YAML', 'name: [', { 'content-type': 'application/yaml' }, { status: 400 }],
  ])('%s', async (_, body, headers, expected) => {
    expect(await post(body, headers)).toMatchObject(expected);
  });

  it('are refused with every path', async () => {
    expect(await post({ name: 'A', source: {}, fetch: { cache: 'reuse' } })).toMatchObject({
      type: 'urn:gleaner:problem:validation',
      errors: [{ path: 'name' }, { path: 'fetch.cache' }, { path: 'source' }],
    });
  });

  it.each<[unknown, string[]]>([
    [{}, ['task']],
    [{ task: { ...SMALL, fetch: { redirects: -1 } }, x: 1 }, ['x', 'task.fetch.redirects']],
    [[], ['']],
  ])('of inline runs name paths below task: %j', async (body, paths) => {
    const { errors } = json(await client().send('POST /v1/runs', { body })) as { errors: { path: string }[] };
    expect(errors.map((error) => error.path)).toEqual(paths);
  });

  it.each([
    ['POST /v1/tasks/small/runs', { x: 1 }, 'x'],
    ['POST /v1/tasks/small/rollback', { version: 0 }, 'version'],
  ])('of %s are strict', async (route, body, path) => {
    const { send } = await started();
    expect(json(await send(route, { body }))).toMatchObject({ status: 400, errors: [{ path }] });
  });

  it('bring warnings about what is only stored', async () => {
    const response = await client().send('POST /v1/tasks', {
      body: { ...SMALL, alerts: { notify: [{ email: 'a@b.example' }] } },
    });
    expect(json(response)).toMatchObject({ warnings: [expect.stringContaining('alerts')] });
  });
});

describe('queries', () => {
  it.each<[Record<string, string>, string, string]>([
    [{ limit: '0' }, 'query.limit', 'expected a whole number from 1 to 1000, got "0"'],
    [{ limit: '1001' }, 'query.limit', 'expected a whole number from 1 to 1000, got "1001"'],
    [{ limit: '0x10' }, 'query.limit', 'expected a whole number from 1 to 1000, got "0x10"'],
    [{ cursor: '' }, 'query.cursor', 'expected a cursor as a page gave it, got ""'],
    [{ page: '2' }, 'query.page', 'unknown field; known here: taskId, state, limit, cursor'],
    [
      { state: 'DONE' },
      'query.state',
      'expected one of QUEUED, PLANNING, RUNNING, PAUSED, FINALIZING, SUCCEEDED, PARTIAL, FAILED, STOPPED, TIMED_OUT, got "DONE"',
    ],
    [{ taskId: 'A' }, 'query.taskId', 'expected a task id, got "A"'],
  ])('%j is refused', async (query, path, message) => {
    expect(json(await client().send('GET /v1/runs', { query }))).toMatchObject({
      status: 400,
      errors: [{ path, message }],
    });
  });

  it('are refused when a parameter comes twice, in either form', async () => {
    const { api } = client();
    const headers = { authorization: 'Bearer read-key' };
    for (const query of [new URLSearchParams('limit=1&limit=2'), { limit: ['1', '2'] }]) {
      const response = await api({ method: 'GET', path: '/v1/runs', query, headers });
      expect(json(response)).toMatchObject({ errors: [{ path: 'query.limit', message: 'expected one value, got 2' }] });
    }
  });

  it('page through, filter, and default to 100', async () => {
    const { send } = await started();
    const first = json(await send(`GET /v1/runs/${RUN}/records`, { query: { limit: '2' } }));
    expect(first).toMatchObject({ items: [{ index: 0 }, { index: 1 }], nextCursor: '2' });
    const second = json(await send(`GET /v1/runs/${RUN}/records`, { query: { limit: '2', cursor: '2' } }));
    expect(second).toMatchObject({ items: [{ index: 2 }] });
    expect(second).not.toHaveProperty('nextCursor');
    const failed = json(await send(`GET /v1/runs/${RUN}/ledger`, { query: { bucket: 'failed' } }));
    expect(failed.items).toHaveLength(1);
    expect(json(await send('GET /v1/runs', { query: { state: 'STOPPED' } })).items).toEqual([]);
    expect(json(await send('GET /v1/runs', { query: { taskId: 'small' } })).items).toHaveLength(1);
  });

  it('that make an answer too large are refused with its size', async () => {
    const { send, operations } = client();
    const task = { ...SMALL, description: 'x'.repeat(ANSWER_BYTES_MAX) };
    operations.getTask = () =>
      Promise.resolve({
        ok: true,
        value: { id: 'a', version: 1, etag: '"1"', createdAt: '', updatedAt: '', task } as never,
      });
    expect(json(await send('GET /v1/tasks/a'))).toMatchObject({
      status: 422,
      type: 'urn:gleaner:problem:answer-too-large',
    });
  });
});

describe('every answer', () => {
  it('carries the headers that keep it private, its id, and is told to the log', async () => {
    const { send, infos } = await started();
    const response = await send(`GET /v1/runs/${RUN}`);
    expect(response.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': 'request-3',
    });
    expect(infos.at(-1)).toEqual({
      requestId: 'request-3',
      method: 'GET',
      route: '/v1/runs/{runId}',
      status: 200,
      ms: 7,
      tenant: 'acme',
    });
    await send('GET /v1/nope', { key: '' });
    expect(infos.at(-1)).toEqual({ requestId: 'request-4', method: 'GET', route: 'unmatched', status: 404, ms: 7 });
  });

  it('says what is left of the tenant’s requests, and 429 when nothing is', async () => {
    const { send, operations } = client();
    operations.allowed = { isOver: false, limit: 60, remaining: 7, resetSeconds: 12 };
    const some = await send('GET /v1/tasks');
    expect(some.status).toBe(200);
    expect(some.headers).toMatchObject({
      'ratelimit-policy': '"requestsPerMinute";q=60;w=60',
      ratelimit: '"requestsPerMinute";r=7;t=12',
    });
    operations.allowed = { isOver: true, limit: 60, remaining: 0, resetSeconds: 12 };
    const none = await send('GET /v1/tasks');
    expect([none.status, none.headers['retry-after']]).toEqual([429, '12']);
    expect(json(none)).toMatchObject({ type: 'urn:gleaner:problem:too-many-requests' });
    expect(none.body).toContain('requestsPerMinute (60)');
    expect((await send('GET /v1/health')).headers).not.toHaveProperty('ratelimit');
  });

  it('to HEAD is that to GET without the body', async () => {
    const { send } = await started();
    const [get, head] = [await send('GET /v1/tasks/small'), await send('HEAD /v1/tasks/small')];
    expect(head.body).toBe('');
    expect(head.status).toBe(200);
    expect(head.headers.etag).toBe(get.headers.etag);
  });

  it('to a bug is a problem without its details', async () => {
    const { send, operations, errors } = await started();
    const bug = new Error('table gleaner-control: secret token 123');
    operations.failure = bug;
    const response = await send('POST /v1/tasks/small/runs');
    expect(json(response)).toEqual({
      type: 'urn:gleaner:problem:internal',
      title: 'Something went wrong on our side',
      status: 500,
      detail: 'name the request id when you ask for help',
      instance: 'request-3',
    });
    expect(errors).toEqual([bug]);
  });

  it('of health needs no key and no operation', async () => {
    const operations = new Proxy({}, { get: () => () => Promise.reject(new Error('down')) });
    const api = createApi({
      operations: operations as never,
      version: '0.1.0',
      region: 'eu-west-1',
      now: () => 0,
      newRequestId: () => 'r',
    });
    const response = await api({ method: 'GET', path: '/v1/health', query: {}, headers: {} });
    expect(json(response)).toEqual({ status: 'ok', version: '0.1.0', region: 'eu-west-1' });
  });
});
