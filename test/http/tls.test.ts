import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { FetchResult } from '#core/ports.ts';
import { createFetcher, type FetcherOptions } from '#http/fetcher.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { selfSigned, type Certificate } from '#support/origin/certificate.ts';
import { requestOf } from './request.ts';

const DAY_MS = 24 * 3600 * 1000;
let plain: Origin;
let good: Certificate;
const origins: Origin[] = [];

async function tlsOrigin(certificate: Certificate): Promise<Origin> {
  const origin = await startOrigin({ tls: certificate });
  origins.push(origin);
  return origin;
}
async function fetchOnce(url: string, options: Partial<FetcherOptions> = {}): Promise<FetchResult> {
  const fetcher = createFetcher({ userAgent: 'x', ...options });
  try {
    return await fetcher.fetch(requestOf(url));
  } finally {
    await fetcher.close();
  }
}

beforeAll(async () => {
  plain = await startOrigin();
  origins.push(plain);
  good = selfSigned({ from: Date.now() - DAY_MS / 2 });
});
afterAll(() => Promise.all(origins.map((origin) => origin.close())));

it('collects over TLS when the certificate is trusted', async () => {
  const { url } = await tlsOrigin(good);
  expect(await fetchOnce(`${url}/page/1`, { tlsCa: good.cert })).toMatchObject({ ok: true, status: 200 });
});

it('a certificate nobody vouches for → tls', async () => {
  const { url } = await tlsOrigin(good);
  expect(await fetchOnce(url)).toMatchObject({ ok: false, reason: 'tls' });
});

it('an expired certificate → tls', async () => {
  const expired = selfSigned({ from: Date.now() - 3 * DAY_MS });
  const { url } = await tlsOrigin(expired);
  expect(await fetchOnce(url, { tlsCa: expired.cert })).toMatchObject({ ok: false, reason: 'tls' });
});

it('a certificate for another address → tls', async () => {
  const wrong = selfSigned({ ip: [127, 0, 0, 2], from: Date.now() - DAY_MS / 2 });
  const { url } = await tlsOrigin(wrong);
  expect(await fetchOnce(url, { tlsCa: wrong.cert })).toMatchObject({ ok: false, reason: 'tls' });
});

it('https spoken to a plain port → tls', async () => {
  expect(await fetchOnce(plain.url.replace('http:', 'https:'))).toMatchObject({ ok: false, reason: 'tls' });
});

it('a new connection resumes the session of one before it, however much garbage was collected meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const server = createServer({ ...good, keepAlive: false }, (_request, response) => {
    response.writeHead(200, { connection: 'close' }).end('body');
  });
  const resumed: boolean[] = [];
  server.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fetcher = createFetcher({ userAgent: 'x', tlsCa: good.cert });
  onTestFinished(async () => {
    await fetcher.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  for (let i = 0; i < 3; i++) {
    expect(await fetcher.fetch(requestOf(`https://127.0.0.1:${String(port)}/`))).toMatchObject({ ok: true });
    collectGarbage();
  }
  expect(resumed).toEqual([false, true, true]);
});
