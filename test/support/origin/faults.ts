/** The misbehaving half of the origin. */
import { once } from 'node:events';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Exchange, Route } from '../origin.ts';

/** What the encoded routes say once unpacked. */
export const CODED_TEXT = `<title>Packed</title>${'<p>the same again</p>'.repeat(200)}`;

export const faultRoutes: Record<string, Route> = {
  /** /status/CODE */
  status: ({ response, rest }) => {
    response.writeHead(Number(rest[0])).end(`status ${rest[0] ?? ''}`);
  },
  /** /flaky/KEY?fail=n: the first n requests for the key fail with 503, later ones work. */
  flaky: ({ response, rest, url, count }) => {
    const fails = count(`flaky ${rest.join('/')}`) <= Number(url.searchParams.get('fail') ?? 1);
    response
      .writeHead(fails ? 503 : 200, { 'content-type': 'text/html' })
      .end(fails ? 'not yet' : '<title>At last</title>');
  },
  /** /retry-after/KEY?seconds=s&fail=n: 429 with Retry-After for the first n requests. */
  'retry-after': ({ response, rest, url, count }) => {
    const fails = count(`retry-after ${rest.join('/')}`) <= Number(url.searchParams.get('fail') ?? 1);
    if (fails) response.writeHead(429, { 'retry-after': url.searchParams.get('seconds') ?? '1' }).end();
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Patient</title>');
  },
  /** /slow/MS: the whole answer comes late. */
  slow: async ({ response, rest }) => {
    await pause(Number(rest[0]));
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Slow</title>');
  },
  /** /together/N: answers nobody until N requests for it wait, then all of them. */
  together: ({ response, rest, waiting }) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    waiting.push(response);
    if (waiting.length < Number(rest[0])) return;
    for (const each of waiting.splice(0)) each.end('<title>Together</title>');
  },
  /** Never answers. */
  hang: () => undefined,
  /** Headers and half a body, then silence. */
  stall: ({ response }) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('x'.repeat(500));
  },
  /** /drip?ms=20&n=50: one byte at a time. */
  drip: async ({ response, url }) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    for (let i = 0; i < Number(url.searchParams.get('n') ?? 50) && !response.destroyed; i++) {
      response.write('x');
      await pause(Number(url.searchParams.get('ms') ?? 20));
    }
    response.end();
  },
  /** /redirect/N?status=: N hops, then 200. */
  redirect: ({ response, rest, url }) => {
    const left = Number(rest[0]);
    if (left > 0) to(response, `/redirect/${left - 1}${url.search}`, Number(url.searchParams.get('status') ?? 302));
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Arrived</title>');
  },
  loop: ({ response, rest }) => {
    to(response, rest[0] === 'back' ? '/loop' : '/loop/back', 302);
  },
  /** /redirect-to?url=&status=&body=bytes */
  'redirect-to': ({ response, url }) => {
    const { searchParams } = url;
    response.writeHead(Number(searchParams.get('status') ?? 302), { location: searchParams.get('url') ?? '/' });
    response.end('x'.repeat(Number(searchParams.get('body') ?? 0)));
  },
  /** Where credentials of a cloud machine would be. */
  'private-redirect': ({ response }) => {
    to(response, 'http://169.254.169.254/latest/meta-data/', 302);
  },
  /** A redirect status that names no place. */
  'no-location': ({ response }) => {
    response.writeHead(302).end('nowhere');
  },
  /** /bomb?mb=20&coding=gzip|br|zstd|deflate: zeros, packed. */
  bomb: (x) => {
    const zeros = Buffer.alloc(Number(x.url.searchParams.get('mb') ?? 20) * 1024 * 1024);
    coded(x, x.url.searchParams.get('coding') ?? 'gzip', zeros);
  },
  'truncated-gzip': (x) => {
    const packed = gzipSync(CODED_TEXT);
    label(x, 'gzip', packed.subarray(0, packed.length - 10));
  },
  'truncated-zstd': (x) => {
    const packed = zstdCompressSync(CODED_TEXT);
    label(x, 'zstd', packed.subarray(0, packed.length - 4));
  },
  'corrupt-br': (x) => {
    label(x, 'br', Buffer.alloc(200, 0xfe));
  },
  /** Labelled gzip, is plain. */
  'not-gzip': (x) => {
    label(x, 'gzip', Buffer.from(CODED_TEXT));
  },
  gzip: (x) => {
    coded(x, 'gzip', CODED_TEXT);
  },
  br: (x) => {
    coded(x, 'br', CODED_TEXT);
  },
  zstd: (x) => {
    coded(x, 'zstd', CODED_TEXT);
  },
  /** /deflate, /deflate/raw */
  deflate: (x) => {
    if (x.rest[0] === 'raw') label(x, 'deflate', deflateRawSync(CODED_TEXT));
    else coded(x, 'deflate', CODED_TEXT);
  },
  /** br over gzip. */
  stacked: (x) => {
    label(x, 'gzip, br', brotliCompressSync(gzipSync(CODED_TEXT)));
  },
  /** /coding/NAME: plain text under any label. */
  coding: (x) => {
    label(x, x.rest[0] ?? '', Buffer.from(CODED_TEXT));
  },
  /** The connection is reset before any answer. */
  reset: ({ request }) => {
    request.socket.resetAndDestroy();
  },
  /** Works on a fresh connection; resets a connection that was used before. */
  stale: ({ request, response, served }) => {
    if (served > 0) request.socket.resetAndDestroy();
    else response.end('fresh');
  },
  /** Content-Length promises more than comes. */
  short: async ({ request, response }) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': 1000 });
    response.write('<title>Short');
    await pause(20);
    request.socket.destroy();
  },
  /** A chunked body without its end. */
  cut: async ({ request, response }) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.write('<title>Cut');
    await pause(20);
    request.socket.destroy();
  },
  'not-http': ({ request }) => {
    request.socket.end('SSH-2.0-OpenSSH_9.9\r\n\r\n');
  },
  'huge-header': ({ response }) => {
    response.writeHead(200, { 'x-huge': 'h'.repeat(100_000) }).end('ok');
  },
  /** /big/BYTES?length=1: announced or chunked. */
  big: async ({ response, rest, url }) => {
    const bytes = Number(rest[0]);
    response.writeHead(200, {
      'content-type': 'text/plain',
      ...(url.searchParams.has('length') ? { 'content-length': bytes } : {}),
    });
    for (let sent = 0; sent < bytes && !response.destroyed; sent += 65_536) {
      const chunk = Buffer.alloc(Math.min(65_536, bytes - sent), 'x');
      if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  },
  'malformed-json': ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"items": [1, 2,');
  },
  cookies: ({ response }) => {
    response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end('cookies');
  },
  /** What arrived, as JSON. */
  echo: async ({ request, response, url }) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method, headers } = request;
    const body = Buffer.concat(chunks).toString();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ method, path: url.pathname + url.search, headers, body }));
  },
};

function coded(x: Exchange, coding: string, body: string | Buffer): void {
  const pack = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync, deflate: deflateSync }[coding];
  if (pack === undefined) throw new Error(`no such coding: ${coding}`);
  label(x, coding, pack(body));
}

function label({ response }: Exchange, coding: string, body: Buffer): void {
  response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': coding, 'content-length': body.length });
  response.end(body);
}

function to(response: Exchange['response'], location: string, status: number): void {
  response.writeHead(status, { location }).end();
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
