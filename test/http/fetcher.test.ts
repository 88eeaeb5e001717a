import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FetchRequest, FetchResult, Fetcher } from '#core/ports.ts';
import { createFetcher } from '#http/fetcher.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { CODED_TEXT } from '#support/origin/faults.ts';
import { requestOf } from './request.ts';

let origin: Origin;
let fetcher: Fetcher;

beforeAll(async () => {
  origin = await startOrigin();
  fetcher = createFetcher({ userAgent: 'Gleaner/test', connectTimeoutMs: 2_000 });
});
afterAll(async () => {
  await fetcher.close();
  await origin.close();
});
beforeEach(() => {
  origin.clear();
});

const get = (path: string, changes: Partial<FetchRequest> = {}): Promise<FetchResult> =>
  fetcher.fetch(requestOf(origin.url + path, changes));
const textOf = (result: FetchResult): string =>
  result.ok ? Buffer.from(result.body).toString() : `${result.reason}: ${result.detail}`;

describe('ordinary responses', () => {
  it('reports status, headers, body and sizes', async () => {
    const result = await get('/page/3?x=1#part');
    expect(result).toMatchObject({ ok: true, status: 200, redirects: 0, finalUrl: `${origin.url}/page/3?x=1` });
    expect(textOf(result)).toContain('<title>Page 3</title>');
    if (!result.ok) return;
    expect(result.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(result.wireBytes).toBe(result.body.length);
    expect(result.ms).toBeGreaterThanOrEqual(0);
  });

  it.each([204, 304, 404, 429, 500, 503])('status %i is a response', async (status) => {
    expect(await get(`/status/${status}`)).toMatchObject({ ok: true, status });
  });

  it('joins repeated headers and keeps no cookie', async () => {
    const result = await get('/cookies');
    expect(result).toMatchObject({ ok: true, headers: { 'set-cookie': 'a=1, b=2' } });
    await get('/echo');
    expect(origin.requests('/echo')[0]?.headers.cookie).toBeUndefined();
  });

  it('sends method, body and headers, but not those that belong to the connection', async () => {
    const headers = {
      'X-Mine': 'yes',
      Host: 'evil.example',
      'Content-Length': '3',
      Connection: 'upgrade',
      'Transfer-Encoding': 'chunked',
    };
    const result = await get('/echo', { method: 'post', body: 'hello', headers, secretHeaders: { 'X-Key': 's3cret' } });
    const echo = JSON.parse(textOf(result)) as { method: string; body: string; headers: Record<string, string> };
    expect(echo).toMatchObject({ method: 'POST', body: 'hello' });
    expect(echo.headers).toMatchObject({
      'x-mine': 'yes',
      'x-key': 's3cret',
      host: `127.0.0.1:${origin.port}`,
      'content-length': '5',
      'accept-encoding': 'gzip, deflate, br, zstd',
      accept: '*/*',
      'user-agent': 'Gleaner/test',
    });
    expect(echo.headers['transfer-encoding']).toBeUndefined();
  });

  it('lets the task name itself', async () => {
    await get('/echo', { headers: { 'USER-AGENT': 'Other/1', accept: 'text/html' } });
    expect(origin.requests()[0]?.headers).toMatchObject({ 'user-agent': 'Other/1', accept: 'text/html' });
  });

  it('turns credentials of the URL into a header and shows them nowhere', async () => {
    const url = `http://user:p%40ss@127.0.0.1:${origin.port}/echo`;
    const result = await fetcher.fetch(requestOf(url));
    expect(origin.requests()[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    expect(result).toMatchObject({ ok: true, finalUrl: `${origin.url}/echo` });
  });

  it('keeps connections', async () => {
    for (let i = 0; i < 4; i++) await get(`/page/${i}`);
    expect(new Set(origin.requests().map((r) => r.connection)).size).toBe(1);
  });

  it('HEAD has no body, whatever is announced', async () => {
    expect(await get('/page/1', { method: 'HEAD', bytesMax: 1 })).toMatchObject({
      ok: true,
      status: 200,
      wireBytes: 0,
    });
  });
});

describe('content codings', () => {
  it.each(['/gzip', '/br', '/zstd', '/deflate', '/deflate/raw', '/stacked', '/coding/identity', '/coding/utf-8'])(
    '%s',
    async (path) => {
      expect(textOf(await get(path))).toBe(CODED_TEXT);
    },
  );
  it('counts the wire apart from the body', async () => {
    const result = await get('/gzip');
    expect(result.ok && result.wireBytes < result.body.length).toBe(true);
  });
  it.each(['/truncated-gzip', '/truncated-zstd', '/corrupt-br', '/not-gzip', '/coding/compress'])(
    '%s → decode',
    async (path) => {
      expect(await get(path)).toMatchObject({ ok: false, reason: 'decode', finalUrl: origin.url + path });
    },
  );
  it.each(['gzip', 'deflate', 'br', 'zstd'])('a %s bomb → tooLarge', async (coding) => {
    expect(await get(`/bomb?mb=8&coding=${coding}`)).toMatchObject({ ok: false, reason: 'tooLarge' });
  });
});

describe('the body cap', () => {
  it.each<[string, number, boolean]>([
    ['/big/200000', 200_000, true],
    ['/big/200001', 200_000, false],
    ['/big/200000?length=1', 200_000, true],
    ['/big/200001?length=1', 200_000, false],
  ])('%s under %i: %s', async (path, bytesMax, fits) => {
    const result = await get(path, { bytesMax });
    expect(result.ok ? 'ok' : result.reason).toBe(fits ? 'ok' : 'tooLarge');
  });
});

describe('failures by reason', () => {
  it.each<[string, string, RegExp]>([
    ['/reset', 'connect', /reset|closed/],
    ['/short', 'connect', /cut short after 12 bytes/],
    ['/cut', 'connect', /cut short after 10 bytes/],
    ['/not-http', 'connect', /not HTTP/],
    ['/huge-header', 'tooLarge', /headers/],
  ])('%s → %s', async (path, reason, detail) => {
    const result = await get(path);
    expect(result).toMatchObject({ ok: false, reason });
    expect(textOf(result)).toMatch(detail);
  });

  it.each<[string, number, RegExp]>([
    ['/hang', 150, /^timeout: headers/],
    ['/stall', 150, /^timeout: body/],
    ['/drip?ms=20&n=100', 150, /^timeout: body/],
  ])('%s → timeout in its phase', async (path, timeoutMs, detail) => {
    const result = await get(path, { timeoutMs });
    expect(textOf(result)).toMatch(detail);
    expect(result.ms).toBeLessThan(1_500);
  });

  it('headers and body have time-outs of their own', async () => {
    const hasty = createFetcher({ userAgent: 'x', headersTimeoutMs: 100, bodyIdleMs: 100 });
    expect(textOf(await hasty.fetch(requestOf(`${origin.url}/hang`)))).toMatch(/^timeout: headers/);
    expect(textOf(await hasty.fetch(requestOf(`${origin.url}/stall`)))).toMatch(/^timeout: body/);
    await hasty.close();
  });

  it('a connection that does not come about → timeout in connect', async () => {
    const stuck = createFetcher({ userAgent: 'x', connectTimeoutMs: 100, lookup: () => new Promise(() => undefined) });
    expect(textOf(await stuck.fetch(requestOf('http://slow.example/')))).toMatch(/^timeout: connect/);
    expect(textOf(await stuck.fetch(requestOf('http://slow.example/', { timeoutMs: 20 })))).toMatch(
      /^timeout: connect/,
    );
    await stuck.close();
  });

  it('a refused connection → connect', async () => {
    const gone = await startOrigin();
    await gone.close();
    expect(await fetcher.fetch(requestOf(`${gone.url}/`))).toMatchObject({ ok: false, reason: 'connect' });
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN'])('%s → dns', async (code) => {
    const lost = createFetcher({
      userAgent: 'x',
      lookup: () => Promise.reject(Object.assign(new Error('no'), { code })),
    });
    expect(await lost.fetch(requestOf('http://nowhere.example/'))).toMatchObject({ ok: false, reason: 'dns' });
    await lost.close();
  });

  it.each(['ftp://a.example/', 'not a url', 'file:///etc/passwd', ''])('%s is refused without a throw', async (url) => {
    expect(await fetcher.fetch(requestOf(url))).toMatchObject({ ok: false, reason: 'connect' });
  });

  it.each<[string, Partial<FetchRequest>]>([
    ['a header with a line break', { headers: { 'x-a': 'b\r\nx-c: d' } }],
    ['a header name with a space', { headers: { 'x a': 'b' } }],
    ['a method with a space', { method: 'GET /x' }],
    ['CONNECT', { method: 'CONNECT' }],
  ])('%s is a failure, not a throw', async (_what, changes) => {
    expect(await get('/echo', changes)).toMatchObject({ ok: false, reason: 'connect' });
    expect(origin.requests()).toHaveLength(0);
  });

  it('an error page keeps its status when its body is of no use', async () => {
    const result = await get('/page/1', { bytesMax: 10 });
    expect(result).toMatchObject({ ok: false, reason: 'tooLarge' });
    expect(await get('/status/503', { bytesMax: 3 })).toMatchObject({ ok: true, status: 503 });
  });
});

describe('abort and close', () => {
  it.each(['/hang', '/stall'])('%s: abort ends it at once', async (path) => {
    const abort = new AbortController();
    const running = fetcher.fetch(requestOf(origin.url + path), abort.signal);
    setTimeout(() => {
      abort.abort();
    }, 50);
    expect(await running).toMatchObject({ ok: false, reason: 'aborted' });
  });

  it('an aborted signal sends nothing', async () => {
    expect(await fetcher.fetch(requestOf(`${origin.url}/echo`), AbortSignal.abort())).toMatchObject({
      reason: 'aborted',
    });
    expect(origin.requests()).toHaveLength(0);
  });

  it('closing ends what is in flight', async () => {
    const other = createFetcher({ userAgent: 'x' });
    const running = other.fetch(requestOf(`${origin.url}/hang`));
    setTimeout(() => void other.close(), 50);
    expect(await running).toMatchObject({ ok: false, reason: 'aborted' });
    expect(await other.fetch(requestOf(`${origin.url}/page/1`))).toMatchObject({ ok: false, reason: 'aborted' });
  });
});

it('keeps many requests apart, each on a connection of its own', async () => {
  // Nobody is answered before all 60 are in flight, so this ends only when they truly are.
  const results = await Promise.all(Array.from({ length: 60 }, (_, i) => get(`/together/60?i=${i}`)));
  expect(results.every((result) => result.ok)).toBe(true);
  expect(results.map(({ finalUrl }) => finalUrl)).toEqual(results.map((_, i) => `${origin.url}/together/60?i=${i}`));
  expect(origin.maxInFlight()).toBe(60);
});

describe('a kept connection that the server has dropped', () => {
  it('is replaced once, for requests that may be repeated', async () => {
    const other = createFetcher({ userAgent: 'x' });
    const send = (method: string): Promise<FetchResult> => other.fetch(requestOf(`${origin.url}/stale`, { method }));
    expect(await send('GET')).toMatchObject({ ok: true });
    expect(await send('GET')).toMatchObject({ ok: true });
    expect(origin.requests('/stale')).toHaveLength(3);
    expect(await send('POST')).toMatchObject({ ok: false, reason: 'connect' });
    expect(origin.requests('/stale')).toHaveLength(4);
    await other.close();
  });

  it('a reset on a fresh connection is not repeated', async () => {
    const other = createFetcher({ userAgent: 'x' });
    expect(await other.fetch(requestOf(`${origin.url}/reset`))).toMatchObject({ ok: false, reason: 'connect' });
    expect(origin.requests('/reset')).toHaveLength(1);
    await other.close();
  });
});
