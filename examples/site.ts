/**
 * The demo site: a bookshop on 127.0.0.1 that the example tasks point at. The same pages on every machine, and a few
 * honest troubles: a page that is gone, servers that are tired the first time, a moved page, a part that robots.txt forbids.
 *
 *     node examples/site.ts [port]
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AUTHORS, bookOfId, ZH_BOOKS } from './bookshop/catalogue.ts';
import { apiBooks, booksCsv, bookSitemap, pageSitemap, robotsTxt, sitemapIndex } from './bookshop/feeds.ts';
import { encodeGb18030 } from './bookshop/gb18030.ts';
import {
  authorPage,
  authorsPage,
  bookPage,
  categoryPage,
  homePage,
  listPage,
  quotePage,
  zhBookPage,
  zhIndexPage,
} from './bookshop/pages.ts';

export const SITE_PORT = 8080;

export interface Site {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  close(): Promise<void>;
}

interface Content {
  type: string;
  body: string | Buffer;
}
const HTML = 'text/html; charset=utf-8';
const html = (body: string | undefined): Content | undefined => (body === undefined ? undefined : { type: HTML, body });
const xml = (body: string): Content => ({ type: 'application/xml', body });
/** No charset in the header: the document declares it. */
const gb = (body: string): Content => ({ type: 'text/html', body: encodeGb18030(body) });

/** Each answers 503 to every other request, beginning with the first. */
const TIRED = /^\/(tired\/\d+|book\/42)$/;

/** @param port 0 = any free one. Rejects with code EADDRINUSE when it is taken. */
export async function startSite({ port = SITE_PORT }: { port?: number } = {}): Promise<Site> {
  const visits = new Map<string, number>();
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host ?? '127.0.0.1'}`;
    const { pathname, searchParams } = new URL(request.url ?? '/', origin);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      end(response, 405, { type: HTML, body: '<h1>Method not allowed</h1>' }, { allow: 'GET, HEAD' });
      return;
    }
    const visit = (visits.get(pathname) ?? 0) + 1;
    if (TIRED.test(pathname)) visits.set(pathname, visit);
    if (TIRED.test(pathname) && visit % 2 === 1) {
      end(response, 503, { type: HTML, body: '<h1>Back in a second</h1>' }, { 'retry-after': '1' });
      return;
    }
    const moved = /^\/old\/book\/(\d+)$/.exec(pathname)?.[1];
    if (moved !== undefined) {
      end(response, 301, { type: HTML, body: '<h1>Moved</h1>' }, { location: `/book/${moved}` });
      return;
    }
    const found = fixed(pathname, origin) ?? numbered(pathname, searchParams, origin);
    if (found) end(response, 200, found);
    else end(response, 404, { type: HTML, body: '<h1>Not found</h1>' });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

function end(
  response: ServerResponse,
  status: number,
  { type, body }: Content,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

function fixed(pathname: string, origin: string): Content | undefined {
  switch (pathname) {
    case '/':
      return html(homePage());
    case '/authors/':
      return html(authorsPage());
    case '/zh/':
      return gb(zhIndexPage());
    case '/private/orders':
      return html('<h1>Orders</h1><p>robots.txt asks not to come here.');
    case '/robots.txt':
      return { type: 'text/plain; charset=utf-8', body: robotsTxt(origin) };
    case '/sitemap.xml':
      return xml(sitemapIndex(origin));
    case '/sitemap-pages.xml':
      return xml(pageSitemap(origin));
    case '/sitemap-books.xml.gz':
      return { type: 'application/gzip', body: bookSitemap(origin) };
    case '/export/books.csv':
      return { type: 'text/csv; charset=utf-8', body: booksCsv() };
    default:
      return undefined;
  }
}

function numbered(pathname: string, query: URLSearchParams, origin: string): Content | undefined {
  const page = Number(query.get('page') ?? '1');
  if (pathname === '/books/') return html(listPage(page));
  if (pathname === '/api/books') {
    const body = apiBooks(origin, page);
    return body === undefined ? undefined : { type: 'application/json', body };
  }
  const [, room = '', name = '', rest] = /^\/([a-z]+)\/((?:page\/)?[a-z0-9-]+)(\/.*)?$/.exec(pathname) ?? [];
  if (rest !== undefined) return undefined;
  if (room === 'category') return html(categoryPage(name));
  if (room === 'quotes') return html(quotePage(Number(name.replace('page/', ''))));
  if (room === 'tired') return html(`<h1>Awake now</h1><p>Page ${name}`);
  const book = room === 'book' ? bookOfId(Number(name)) : undefined;
  if (book) return html(bookPage(book));
  const author = room === 'author' ? AUTHORS.find(({ slug }) => slug === name) : undefined;
  if (author) return html(authorPage(author));
  const zh = room === 'zh' ? ZH_BOOKS.find(({ id }) => String(id) === name) : undefined;
  return zh ? gb(zhBookPage(zh)) : undefined;
}

if (import.meta.main) {
  const site = await startSite({ port: Number(process.argv[2] ?? SITE_PORT) });
  process.stdout.write(`${site.url} (interrupt to stop)\n`);
}
