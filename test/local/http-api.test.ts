import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json, JsonObject } from '#core/json.ts';
import { BODY_BYTES_MAX, httpApi } from '#local/http-api.ts';
import { answerOf } from '#local/http-event.ts';
import { matchRoute } from '#local/http-routes.ts';
import type { Invocation } from '#local/lambda.ts';
import { listen } from '#local/loopback.ts';
import { VirtualClock } from './virtual-clock.ts';

const routes = ['GET /v1/health', 'ANY /v1/{proxy+}', 'GET /v1/tasks/{id}', 'POST /v1/tasks/{id}'].map((key) => ({
  key,
  functionArn: key,
  sourceArn: `arn:aws:execute-api:us-east-1:000000000000:local/$default/${key}`,
}));

describe('routes', () => {
  it.each<[string, string, string | undefined, Record<string, string>]>([
    ['GET', '/v1/health', 'GET /v1/health', {}],
    ['POST', '/v1/health', 'ANY /v1/{proxy+}', { proxy: 'health' }],
    ['GET', '/v1/tasks/a%20b', 'GET /v1/tasks/{id}', { id: 'a b' }],
    ['POST', '/v1/tasks/a', 'POST /v1/tasks/{id}', { id: 'a' }],
    ['GET', '/v1/tasks/a/runs', 'ANY /v1/{proxy+}', { proxy: 'tasks/a/runs' }],
    ['GET', '/v1/tasks/', 'ANY /v1/{proxy+}', { proxy: 'tasks/' }],
    ['GET', '/v1/tasks/%zz', 'GET /v1/tasks/{id}', { id: '%zz' }],
    ['GET', '/v1/', undefined, {}],
    ['GET', '/', undefined, {}],
  ])('%s %s', (method, path, key, pathParameters) => {
    const match = matchRoute(routes, method, path);
    expect(match?.route.key).toBe(key);
    if (key !== undefined) expect(match?.pathParameters).toEqual(pathParameters);
  });

  it('gives the rest to $default', () => {
    const all = [...routes, { key: '$default', functionArn: 'd', sourceArn: 's' }];
    expect(matchRoute(all, 'GET', '/other')?.route.key).toBe('$default');
    expect(matchRoute(all, 'GET', '/v1/health')?.route.key).toBe('GET /v1/health');
  });
});

describe('answers', () => {
  it.each<[string, unknown, number, string]>([
    ['status and body', { statusCode: 201, body: 'made' }, 201, 'made'],
    ['base64', { statusCode: 200, body: 'aGk=', isBase64Encoded: true }, 200, 'hi'],
    ['no body', { statusCode: 204 }, 204, ''],
    ['no status: the body itself', { a: 1 }, 200, '{"a":1}'],
    ['text', 'plain', 200, 'plain'],
    ['a wrong status', { statusCode: 'x' }, 500, '{"message":"Internal Server Error"}'],
    ['a wrong body', { statusCode: 200, body: {} }, 500, '{"message":"Internal Server Error"}'],
  ])('%s', (_, result, status, body) => {
    const answer = answerOf(JSON.stringify(result));
    expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  });
});

async function open(respond: (event: JsonObject) => Invocation | Promise<Invocation>, clock = new VirtualClock()) {
  const invoke = async (_: unknown, event: Json): Promise<Invocation> => respond(event as JsonObject);
  const server = await listen(httpApi({ routes, invoke, clock }), 0, () => undefined);
  onTestFinished(() => server.close());
  return server.url;
}
const echo = (event: JsonObject): Invocation => ({
  kind: 'ok',
  payload: JSON.stringify({ statusCode: 200, body: JSON.stringify(event) }),
});

describe('the HTTP API', () => {
  it('makes an event of payload format 2.0', async () => {
    const url = await open(echo, new VirtualClock(Date.UTC(2026, 2, 4, 5, 6, 7)));
    const answer = await fetch(`${url}/v1/tasks/a%2Fb?x=1&y=2&x=3`, {
      method: 'POST',
      body: '{"é":1}',
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'X-Thing': 'T',
        Cookie: 'a=1; b=2',
        'User-Agent': 'me',
      },
    });
    const event = (await answer.json()) as { headers: Record<string, string>; requestContext: JsonObject };
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /v1/tasks/{id}',
      rawPath: '/v1/tasks/a%2Fb',
      rawQueryString: 'x=1&y=2&x=3',
      queryStringParameters: { x: '1,3', y: '2' },
      pathParameters: { id: 'a/b' },
      cookies: ['a=1', 'b=2'],
      headers: { 'x-thing': 'T', 'content-type': 'application/json; charset=utf-8' },
      body: '{"é":1}',
      isBase64Encoded: false,
    });
    expect(event.headers).not.toHaveProperty('cookie');
    expect(event.requestContext).toMatchObject({
      stage: '$default',
      time: '04/Mar/2026:05:06:07 +0000',
      timeEpoch: Date.UTC(2026, 2, 4, 5, 6, 7),
      http: { method: 'POST', path: '/v1/tasks/a%2Fb', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'me' },
    });
  });

  it('encodes what is not text', async () => {
    const url = await open(echo);
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await fetch(`${url}/v1/x`, { method: 'POST', body: new Uint8Array([0, 255]), headers });
    expect(await answer.json()).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
  });

  it('passes status, headers and cookies on, and sends no body to HEAD', async () => {
    const result = {
      statusCode: 418,
      headers: { 'Content-Type': 'application/problem+json', 'X-A': 1 },
      cookies: ['a=1', 'b=2'],
      body: 'tea',
    };
    const url = await open(() => ({ kind: 'ok', payload: JSON.stringify(result) }));
    const answer = await fetch(`${url}/v1/x`);
    expect(answer.status).toBe(418);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('x-a')).toBe('1');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answer.text()).toBe('tea');
    const head = await fetch(`${url}/v1/x`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([418, '3', '']);
  });

  it.each<[string, Invocation, number, string]>([
    [
      'fails',
      { kind: 'functionError', error: { errorType: 'Error', errorMessage: 'secret' } },
      500,
      'Internal Server Error',
    ],
    ['is throttled', { kind: 'refused', name: 'TooManyRequestsException', message: '' }, 503, 'Service Unavailable'],
    [
      'gets too much',
      { kind: 'refused', name: 'RequestTooLargeException', message: '' },
      413,
      'Request Entity Too Large',
    ],
  ])('answers for a function that %s', async (_, invocation, status, message) => {
    const answer = await fetch(`${await open(() => invocation)}/v1/x`);
    expect([answer.status, await answer.json()]).toEqual([status, { message }]);
  });

  it('knows no route, takes no body over 10 MB', async () => {
    const url = await open(echo);
    const unknown = await fetch(`${url}/other`);
    expect([unknown.status, await unknown.json()]).toEqual([404, { message: 'Not Found' }]);
    const large = await fetch(`${url}/v1/x`, { method: 'POST', body: Buffer.alloc(BODY_BYTES_MAX + 1) });
    expect([large.status, await large.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
  });

  it('answers a head that is not even read as the API answers one that is too large', async () => {
    const url = await open(echo);
    const answer = await fetch(`${url}/v1/x`, { headers: { 'x-a': 'a'.repeat(70_000) } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([431, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({ type: 'urn:gleaner:problem:head-too-large', status: 431 });
  });

  it('waits 30 s for a function and no longer', async () => {
    const clock = new VirtualClock();
    const asked = Promise.withResolvers<void>();
    const url = await open(() => {
      asked.resolve();
      return new Promise(() => undefined);
    }, clock);
    const answer = fetch(`${url}/v1/x`);
    await asked.promise;
    await clock.advance(29_999);
    expect(clock.sleeping()).toBe(1);
    await clock.advance(1);
    const { status } = await answer;
    expect(status).toBe(503);
  });
});
