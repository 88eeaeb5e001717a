import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FetchRequest, FetchResult, Fetcher, HopAnswer } from '#core/ports.ts';
import { createFetcher } from '#http/fetcher.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { requestOf } from './request.ts';

let origin: Origin;
let other: Origin;
let fetcher: Fetcher;
beforeAll(async () => {
  [origin, other] = await Promise.all([startOrigin(), startOrigin()]);
  fetcher = createFetcher({ userAgent: 'x' });
});
afterAll(async () => {
  await fetcher.close();
  await Promise.all([origin.close(), other.close()]);
});
beforeEach(() => {
  origin.clear();
  other.clear();
});

const get = (path: string, changes: Partial<FetchRequest> = {}): Promise<FetchResult> =>
  fetcher.fetch(requestOf(origin.url + path, changes));
const to = (url: string, status = 302): string => `/redirect-to?status=${status}&url=${encodeURIComponent(url)}`;

describe('following', () => {
  it.each<[number, number, boolean]>([
    [0, 0, true],
    [1, 0, false],
    [5, 5, true],
    [6, 5, false],
  ])('%i hops with %i allowed: %s', async (hops, redirectsMax, arrives) => {
    const result = await get(`/redirect/${hops}`, { redirectsMax });
    if (arrives) expect(result).toMatchObject({ ok: true, redirects: hops, finalUrl: `${origin.url}/redirect/0` });
    else expect(result).toMatchObject({ ok: false, reason: 'redirects' });
    expect(origin.requests()).toHaveLength(Math.min(hops, redirectsMax) + 1);
  });

  it('a loop is named and ended at its first repetition', async () => {
    const result = await get('/loop', { redirectsMax: 20 });
    expect(result).toMatchObject({ ok: false, reason: 'redirects', finalUrl: `${origin.url}/loop/back` });
    expect(!result.ok && result.detail).toMatch(/loop/);
    expect(origin.requests()).toHaveLength(2);
  });

  it.each(['/no-location', '/status/304', '/status/300'])('%s is an ordinary response', async (path) => {
    expect(await get(path)).toMatchObject({ ok: true, redirects: 0, finalUrl: origin.url + path });
  });

  it('resolves relative and UTF-8 locations, and drops fragments', async () => {
    expect(await get(to('../page/2#here'))).toMatchObject({ ok: true, finalUrl: `${origin.url}/page/2` });
  });

  it.each(['ftp://a.example/x', 'file:///etc/passwd', 'javascript:alert(1)', 'http://'])(
    '%s is refused',
    async (url) => {
      expect(await get(to(url))).toMatchObject({ ok: false, reason: 'redirects' });
    },
  );

  it('a hop to a private address is refused at connect time', async () => {
    const result = await get('/private-redirect', { timeoutMs: 2_000 });
    expect(result).toMatchObject({ ok: false, reason: 'blockedAddress' });
    expect(result.finalUrl).toBe('http://169.254.169.254/latest/meta-data/');
  });

  it('a long body on a redirect is not read to its end', async () => {
    expect(await get(`${to('/page/1')}&body=5000000`, { bytesMax: 10_000 })).toMatchObject({ ok: true, redirects: 1 });
  });

  it('the time-out covers all hops', async () => {
    expect(await get(to('/hang'), { timeoutMs: 150 })).toMatchObject({ ok: false, reason: 'timeout' });
  });
});

describe('method and body', () => {
  it.each<[number, string, string, boolean]>([
    [301, 'POST', 'GET', false],
    [302, 'POST', 'GET', false],
    [303, 'POST', 'GET', false],
    [307, 'POST', 'POST', true],
    [308, 'POST', 'POST', true],
    [301, 'PUT', 'PUT', true],
    [303, 'PUT', 'GET', false],
    [303, 'HEAD', 'HEAD', false],
  ])('%i on %s → %s', async (status, method, then, keepsBody) => {
    const body = method === 'HEAD' ? {} : { body: 'the body' };
    await get(to('/echo', status), { method, ...body, headers: { 'content-type': 'text/plain' } });
    const [hop] = origin.requests('/echo');
    expect(hop?.method).toBe(then);
    expect(hop?.headers['content-length']).toBe(keepsBody ? '8' : undefined);
    if (then !== method) expect(hop?.headers['content-type']).toBeUndefined();
  });
});

describe('secrets', () => {
  const secrets: Partial<FetchRequest> = {
    headers: { Authorization: 'Bearer a', Cookie: 'c=1', 'Proxy-Authorization': 'p', 'X-Plain': 'stays' },
    secretHeaders: { 'X-Api-Key': 'secret' },
  };

  it('go along within the origin', async () => {
    await get(to('/echo'), secrets);
    expect(origin.requests('/echo')[0]?.headers).toMatchObject({
      authorization: 'Bearer a',
      cookie: 'c=1',
      'x-api-key': 'secret',
      'x-plain': 'stays',
    });
  });

  it('stay behind on the way to another, and do not come back', async () => {
    const back = `${other.url}${to(`${origin.url}/echo`)}`;
    expect(await get(to(back), secrets)).toMatchObject({ ok: true, redirects: 2 });
    for (const { headers } of [...other.requests(), ...origin.requests('/echo')]) {
      expect(headers['x-plain']).toBe('stays');
      for (const name of ['authorization', 'cookie', 'proxy-authorization', 'x-api-key'])
        expect(headers[name]).toBeUndefined();
    }
    expect(origin.requests('/echo')).toHaveLength(1);
  });

  it('credentials in a URL are neither carried over nor taken from a Location', async () => {
    const target = other.url.replace('//', '//evil:pw@');
    const start = `${origin.url.replace('//', '//user:pw@')}${to(`${target}/echo`)}`;
    const result = await fetcher.fetch(requestOf(start));
    expect(result).toMatchObject({ ok: true, finalUrl: `${other.url}/echo` });
    expect(other.requests()[0]?.headers.authorization).toBeUndefined();
  });
});

describe('onHop', () => {
  it('is asked before each hop and not for the first request', async () => {
    const asked: string[] = [];
    const onHop = (url: string): Promise<HopAnswer> => {
      asked.push(url);
      expect(origin.requests()).toHaveLength(asked.length);
      return Promise.resolve('go');
    };
    await get('/redirect/2', { onHop });
    expect(asked).toEqual([`${origin.url}/redirect/1`, `${origin.url}/redirect/0`]);
  });

  it.each(['disallowed', 'blockedAddress', 'robotsUnreachable'] as const)(
    'its refusal %s is the answer',
    async (refuse) => {
      const result = await get('/redirect/2', { onHop: () => Promise.resolve({ refuse, detail: 'because' }) });
      expect(result).toMatchObject({
        ok: false,
        reason: refuse,
        detail: 'because',
        finalUrl: `${origin.url}/redirect/1`,
      });
      expect(origin.requests()).toHaveLength(1);
    },
  );

  it('may take longer than the request: waiting for pace is not the time of the host', async () => {
    const onHop = (): Promise<HopAnswer> => new Promise((resolve) => setTimeout(resolve, 400, 'go'));
    expect(await get('/redirect/1', { onHop, timeoutMs: 300 })).toMatchObject({ ok: true });
  });

  it('does not hold up an abort', async () => {
    const abort = new AbortController();
    const onHop = (): Promise<HopAnswer> => {
      abort.abort();
      return new Promise(() => undefined);
    };
    const result = await fetcher.fetch(requestOf(`${origin.url}/redirect/1`, { onHop }), abort.signal);
    expect(result).toMatchObject({ ok: false, reason: 'aborted' });
  });

  it('its rejection is passed on', async () => {
    await expect(get('/redirect/1', { onHop: () => Promise.reject(new Error('table down')) })).rejects.toThrow(
      'table down',
    );
  });
});
