import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LookupAddress } from 'node:dns';
import { createFetcher, type FetcherOptions } from '#http/fetcher.ts';
import type { FetchResult } from '#core/ports.ts';
import { parseEndpoints } from '#http/guard.ts';
import { createResolver } from '#http/resolver.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { requestOf } from './request.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());
beforeEach(() => {
  origin.clear();
});

const v4 = (...addresses: string[]): LookupAddress[] => addresses.map((address) => ({ address, family: 4 }));

async function fetchWith(
  options: Partial<FetcherOptions>,
  url: string,
  allowAddresses: string[],
): Promise<FetchResult> {
  const fetcher = createFetcher({ userAgent: 'x', ...options });
  try {
    return await fetcher.fetch(requestOf(url, { allowAddresses }));
  } finally {
    await fetcher.close();
  }
}
const blocked = { ok: false, reason: 'blockedAddress' };

describe('the guard at connect time', () => {
  it.each([
    (port: number) => `http://127.0.0.1:${port}/`,
    (port: number) => `http://2130706433:${port}/`,
    (port: number) => `http://0x7f.1:${port}/`,
    (port: number) => `http://0177.0.0.1:${port}/`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/`,
    (port: number) => `http://[::1]:${port}/`,
    (port: number) => `http://0.0.0.0:${port}/`,
    (port: number) => `http://localhost:${port}/`,
    () => 'http://169.254.169.254/latest/meta-data/',
    () => 'https://[fd00:ec2::254]/',
    () => 'http://[64:ff9b::7f00:1]/',
  ])('refuses every spelling of a private address: %s', async (urlOf) => {
    expect(await fetchWith({}, urlOf(origin.port), [])).toMatchObject(blocked);
    expect(origin.requests()).toHaveLength(0);
  });

  it.each([
    ['decimal', (port: number) => `http://2130706433:${port}/`],
    ['hexadecimal', (port: number) => `http://0x7f000001:${port}/`],
    ['octal', (port: number) => `http://017700000001:${port}/`],
    ['mixed bases', (port: number) => `http://0x7f.0.0.01:${port}/`],
    ['short', (port: number) => `http://127.1:${port}/`],
    ['zero', (port: number) => `http://0:${port}/`],
    ['trailing dot', (port: number) => `http://127.0.0.1.:${port}/`],
    ['percent-encoded', (port: number) => `http://127%2e0%2e0%2e1:${port}/`],
    ['full-width digits', (port: number) => `http://１２７.０.０.１:${port}/`],
    ['ideographic full stops', (port: number) => `http://127。0。0。1:${port}/`],
    ['userinfo that looks like a host', (port: number) => `http://a.example@127.0.0.1:${port}/`],
    ['backslash', (port: number) => `http://127.0.0.1:${port}\\@a.example/`],
    ['IPv4-mapped in hexadecimal', (port: number) => `http://[::ffff:7f00:1]:${port}/`],
    ['IPv4-compatible', (port: number) => `http://[::127.0.0.1]:${port}/`],
    ['NAT64', () => 'http://[64:ff9b::a9fe:a9fe]/latest/meta-data/'],
    ['6to4', () => 'http://[2002:a9fe:a9fe::]/latest/meta-data/'],
    ['a name of this machine', (port: number) => `http://localhost.:${port}/`],
  ])('refuses this machine and the metadata service, however spelled: %s', async (_, urlOf) => {
    const lookup = (): Promise<LookupAddress[]> => Promise.resolve(v4('127.0.0.1'));
    expect(await fetchWith({ lookup }, urlOf(origin.port), [])).toMatchObject(blocked);
    expect(origin.requests()).toHaveLength(0);
  });

  it.each(['metadata.google.internal', 'instance-data', 'metadata.', '169.254.169.254.nip.example'])(
    'refuses the metadata service by the name %s',
    async (name) => {
      const lookup = (): Promise<LookupAddress[]> => Promise.resolve(v4('169.254.169.254'));
      expect(await fetchWith({ lookup }, `http://${name}/latest/meta-data/`, [])).toMatchObject(blocked);
    },
  );

  it('takes no address with a zone, which names an interface of this machine', async () => {
    expect(await fetchWith({}, `http://[fe80::1%25lo]:${origin.port}/`, [])).toMatchObject({ ok: false });
    expect(origin.requests()).toHaveLength(0);
  });

  it('a redirect to a private address is refused like a first request', async () => {
    const lookup = (name: string): Promise<LookupAddress[]> =>
      Promise.resolve(v4(name === 'outside.example' ? '127.0.0.1' : '127.0.0.2'));
    for (const to of ['http://inside.example/', 'http://127.0.0.2/', 'http://0x7f000002/', 'http://[::1]/']) {
      const url = `http://outside.example:${origin.port}/redirect-to?url=${encodeURIComponent(to)}`;
      expect(await fetchWith({ lookup }, url, ['127.0.0.1/32'])).toMatchObject(blocked);
    }
  });

  it('refuses a name that leads to a private address, and reaches it when allowed', async () => {
    const lookup = (): Promise<LookupAddress[]> => Promise.resolve(v4('127.0.0.1'));
    const url = `http://inside.example:${origin.port}/page/1`;
    expect(await fetchWith({ lookup }, url, [])).toMatchObject(blocked);
    expect(await fetchWith({ lookup }, url, ['127.0.0.1/32'])).toMatchObject({ ok: true, status: 200 });
    expect(origin.requests()[0]?.headers.host).toBe(`inside.example:${origin.port}`);
  });

  it('connects only to the checked one of several addresses', async () => {
    const lookup = (): Promise<LookupAddress[]> => Promise.resolve(v4('10.99.99.99', '127.0.0.1'));
    expect(await fetchWith({ lookup }, `http://mixed.example:${origin.port}/`, ['127.0.0.0/8'])).toMatchObject({
      ok: true,
    });
  });

  it('a name is resolved once for check and connection, so rebinding gains nothing', async () => {
    let asked = 0;
    const lookup = (): Promise<LookupAddress[]> => Promise.resolve(v4(asked++ === 0 ? '127.0.0.1' : '10.0.0.1'));
    expect(await fetchWith({ lookup }, `http://rebind.example:${origin.port}/`, ['127.0.0.1'])).toMatchObject({
      ok: true,
    });
    expect(asked).toBe(1);
  });

  it("one tenant's open connection is not there for another", async () => {
    const fetcher = createFetcher({ userAgent: 'x' });
    const url = `${origin.url}/page/1`;
    expect(await fetcher.fetch(requestOf(url, { allowAddresses: ['127.0.0.0/8'] }))).toMatchObject({ ok: true });
    expect(await fetcher.fetch(requestOf(url, { allowAddresses: [] }))).toMatchObject(blocked);
    expect(await fetcher.fetch(requestOf(url, { allowAddresses: ['10.0.0.0/8'] }))).toMatchObject(blocked);
    expect(await fetcher.fetch(requestOf(url, { allowAddresses: ['127.0.0.0/8'] }))).toMatchObject({ ok: true });
    expect(new Set(origin.requests().map((r) => r.connection)).size).toBe(1);
    await fetcher.close();
  });

  it('survives more allow-lists than it keeps open', async () => {
    const fetcher = createFetcher({ userAgent: 'x' });
    for (let i = 0; i < 40; i++) {
      const allowAddresses = ['127.0.0.0/8', `10.0.${i}.0/24`];
      expect(await fetcher.fetch(requestOf(`${origin.url}/page/1`, { allowAddresses }))).toMatchObject({ ok: true });
    }
    await fetcher.close();
  });

  it.each([
    (port: number) => `127.0.0.1:${port}`,
    (port: number) => `localhost:${port}`,
    (port: number) => `[::1]:${port}`,
    (port: number) => `http://127.0.0.1:${port}/2018-06-01/runtime`,
  ])('a forbidden endpoint is refused even when its address is allowed: %s', async (endpointOf) => {
    const options = { forbiddenEndpoints: [endpointOf(origin.port)], lookup: () => Promise.resolve(v4('127.0.0.1')) };
    const all = ['127.0.0.0/8', '0.0.0.0/8'];
    expect(await fetchWith(options, `${origin.url}/`, all)).toMatchObject(blocked);
    expect(await fetchWith(options, `http://0.0.0.0:${origin.port}/`, all)).toMatchObject(blocked);
    expect(await fetchWith(options, `http://name.example:${origin.port}/`, all)).toMatchObject(blocked);
    expect(origin.requests()).toHaveLength(0);
    const other = await startOrigin();
    expect(await fetchWith(options, `${other.url}/`, all)).toMatchObject({ ok: true });
    await other.close();
  });
});

it('endpoints are read in every form, and what names none is dropped', () => {
  expect(
    parseEndpoints(['127.0.0.1:9001', '[::1]:80', 'http://169.254.1.1:2772/x', 'LOCALHOST:1', 'nonsense', '']),
  ).toEqual([
    { host: '127.0.0.1', port: 9001 },
    { host: '::1', port: 80 },
    { host: '169.254.1.1', port: 2772 },
    { host: 'localhost', port: 1 },
  ]);
});

describe('createResolver', () => {
  it('shares and keeps answers for half a minute, failures not at all', async () => {
    let now = 0;
    let asked = 0;
    let fail = false;
    const resolve = createResolver(
      () => {
        asked++;
        return fail ? Promise.reject(new Error('down')) : Promise.resolve(v4('192.0.2.1'));
      },
      () => now,
    );
    await Promise.all([resolve('a'), resolve('a')]);
    now = 29_999;
    await resolve('a');
    expect(asked).toBe(1);
    now = 30_001;
    fail = true;
    await expect(resolve('a')).rejects.toThrow('down');
    fail = false;
    expect(await resolve('a')).toHaveLength(1);
    expect(asked).toBe(3);
  });
});
