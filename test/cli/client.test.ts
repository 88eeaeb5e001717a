import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backoffMs, baseOf, clientOf, type Client } from '#cli/client.ts';
import { ApiRefusal, ApiUnreachable, problemOf } from '#cli/problem.ts';
import { fakeSurroundings } from './fake-surroundings.ts';
import { KEY, startFakeApi, type FakeApi } from './fake-api.ts';
import { RUN_ID } from './results-tree.ts';

let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi();
});
afterEach(() => api.close());

function client(more: { key?: string; attempts?: number; timeoutMs?: number } = {}): {
  client: Client;
  slept: number[];
} {
  const { sleep, chance, slept } = fakeSurroundings();
  return { client: clientOf({ api: api.url, key: KEY, sleep, chance, ...more }), slept };
}

describe('retries', () => {
  test.each([429, 500, 502, 503, 504, 0])('a GET is tried again after %i', async (status) => {
    api.troubles = [{ at: 'GET /v1/runs/', times: 2, status }];
    const { client: it, slept } = client();
    expect((await it.getRun(RUN_ID)).state).toBe('SUCCEEDED');
    expect(api.seen).toHaveLength(3);
    expect(slept).toEqual([187.5, 375]);
  });

  test('all sendings of a POST carry one Idempotency-Key, the next POST another', async () => {
    api.troubles = [{ at: 'POST /v1/uploads', times: 1, status: 0 }];
    const { client: it } = client();
    await it.createUpload();
    await it.createUpload();
    const keys = api.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  test('a repeated POST waits while its first sending is worked on', async () => {
    api.troubles = [
      { at: 'POST /v1/uploads', times: 1, status: 503 },
      { at: 'POST /v1/uploads', times: 1, status: 409, headers: { 'retry-after': '2' } },
    ];
    const { client: it, slept } = client();
    expect((await it.createUpload()).id).toBe('u1');
    expect(slept).toEqual([187.5, 2000]);
  });

  test('Retry-After is obeyed up to half a minute, a longer one ends the call', async () => {
    api.troubles = [{ at: 'GET', times: 1, status: 429, headers: { 'retry-after': '7' } }];
    const short = client();
    await short.client.health();
    expect(short.slept).toEqual([7000]);
    api.troubles = [{ at: 'GET', times: 1, status: 429, headers: { 'retry-after': '3600' } }];
    const long = client();
    await expect(long.client.health()).rejects.toBeInstanceOf(ApiRefusal);
    expect(long.slept).toEqual([]);
  });

  test.each([400, 404, 409, 412, 422])('%i is an answer: asked once', async (status) => {
    api.troubles = [{ at: 'POST', times: 9, status }];
    await expect(client().client.createUpload()).rejects.toMatchObject({ status });
    expect(api.seen).toHaveLength(1);
  });

  test('PUT and DELETE are sent once', async () => {
    api.troubles = [{ at: '', times: 9, status: 503 }];
    const { client: it } = client();
    await expect(it.deleteTask('shop')).rejects.toMatchObject({ status: 503 });
    await expect(it.replaceTask('shop', {}, '"1"')).rejects.toMatchObject({ status: 503 });
    expect(api.seen.map(({ method }) => method)).toEqual(['DELETE', 'PUT']);
    expect(api.seen[1]?.headers['if-match']).toBe('"1"');
  });

  test('gives up after its attempts and says why', async () => {
    api.troubles = [{ at: '', times: 9, status: 0 }];
    const failing = client({ attempts: 3 }).client.getRun(RUN_ID);
    await expect(failing).rejects.toThrow(/no answer from http:\/\/127.0.0.1:\d+ \(GET \/v1\/runs\//);
    await expect(failing).rejects.toBeInstanceOf(ApiUnreachable);
    expect(api.seen).toHaveLength(3);
  });

  test('waits grow to four seconds and keep their upper half', () => {
    const waits = [1, 2, 3, 4, 5, 6, 20].map((attempt) => [backoffMs(attempt, 0), backoffMs(attempt, 1)]);
    expect(waits).toEqual([
      [125, 250],
      [250, 500],
      [500, 1000],
      [1000, 2000],
      [2000, 4000],
      [2000, 4000],
      [2000, 4000],
    ]);
  });
});

describe('refusals', () => {
  test('a problem is told with its field errors', async () => {
    const body = JSON.stringify({
      title: 'Bad request',
      detail: 'the task is wrong',
      errors: [{ path: 'pace', message: 'expected an object, got 5' }],
    });
    api.troubles = [{ at: 'POST', times: 1, status: 400, body }];
    await expect(client().client.startInline({})).rejects.toThrow(
      'Bad request: the task is wrong (HTTP 400)\n  pace: expected an object, got 5',
    );
  });

  test('a key that is not known leads to login', async () => {
    await expect(client({ key: 'other' }).client.listTasks({})).rejects.toThrow(
      /this key is not known \(HTTP 401\)\n.*gleaner login/,
    );
  });

  test.each([
    ['not JSON', 502, '<html>', { title: 'HTTP 502', errors: [] }],
    ['a gateway', 403, '{"message":"Forbidden"}', { title: 'Forbidden', errors: [] }],
    ['a list', 500, '[1]', { title: 'HTTP 500', errors: [] }],
    ['odd errors', 400, '{"title":"x","errors":[5,{"path":1}]}', { title: 'x', errors: [{ path: '', message: '' }] }],
    ['null', 500, 'null', { title: 'HTTP 500', errors: [] }],
  ])('%s is a problem too', (_, status, text, problem) => {
    expect(problemOf(status, text)).toEqual(problem);
  });

  test('control characters of an answer do not reach the terminal', () => {
    const refusal = new ApiRefusal(400, { title: 'a\x1b[2Jb', errors: [{ path: 'p', message: 'c\rd' }] });
    expect(refusal.message).toBe('a [2Jb (HTTP 400)\n  p: c d');
  });

  test('a page that is no API is called that', async () => {
    api.troubles = [{ at: 'GET', times: 1, status: 200, body: '<h1>hello</h1>' }];
    await expect(client().client.health()).rejects.toThrow('is not a Gleaner API');
  });
});

test.each([
  ['https://a.example', 'https://a.example'],
  ['https://a.example/', 'https://a.example'],
  ['https://a.example/v1', 'https://a.example'],
  ['https://a.example/prod/v1/', 'https://a.example/prod'],
])('%s is the API %s', (given, base) => {
  expect(baseOf(given)).toBe(base);
});
