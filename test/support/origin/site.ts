/** The well-behaved half of the origin: pages to crawl, sitemaps, a paged API, other formats and charsets. */
import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import type { Exchange, Route } from '../origin.ts';

export interface PageModel {
  title: string;
  heading: string;
  quotes: { text: string; author: string }[];
  /** Paths, in document order, as written. */
  links: string[];
}

const AUTHORS = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald'];

/** Page i leads to 2i+1 and 2i+2, so all pages are reachable from 0; and back, twice, and away. */
export function pageModel(i: number, pages: number): PageModel {
  const children = [2 * i + 1, 2 * i + 2].filter((n) => n < pages).map((n) => `/page/${n}`);
  return {
    title: `Page ${i}`,
    heading: `Heading of page ${i}`,
    quotes: Array.from({ length: 1 + (i % 3) }, (_, q) => ({
      text: `Quote ${q} of page ${i} & more`,
      author: AUTHORS[(i + q) % AUTHORS.length] ?? '',
    })),
    links: [...children, '/', `/page/${i}#top`, 'http://elsewhere.invalid/'],
  };
}

export interface ItemModel {
  id: number;
  name: string;
  price: number;
}
export const itemModel = (i: number): ItemModel => ({ id: i, name: `Item ${i}`, price: i * 1.5 });

/** What a charset page says; each text can be written in its charset. */
export const CHARSET_TEXTS: Record<string, string> = {
  gb18030: '数据采集：你好，世界 𠮷',
  big5: '資料收集：你好，世界',
  shift_jis: 'データ収集：こんにちは世界',
  'windows-1251': 'Сбор данных: привет, мир',
  'euc-kr': '데이터 수집: 안녕하세요 세계',
};

export const siteRoutes: Record<string, Route> = {
  '': (x) => {
    const links = Array.from({ length: Math.min(10, x.pages) }, (_, i) => `<a href="/page/${i}">Page ${i}</a>`);
    html(x, `<!doctype html><title>Home</title><h1>Home</h1>${links.join('\n')}`);
  },
  page: (x) => {
    const i = Number(x.rest[0]);
    if (Number.isInteger(i) && i >= 0 && i < x.pages) html(x, pageHtml(pageModel(i, x.pages)));
    else x.response.writeHead(404).end('no such page');
  },
  private: (x) => {
    html(x, '<title>Private</title><h1>Private</h1>');
  },
  'robots.txt': ({ response, robots }) => {
    if ('hang' in robots) return;
    if ('redirect' in robots) response.writeHead(301, { location: robots.redirect }).end();
    else if ('status' in robots) response.writeHead(robots.status).end();
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(robots.body);
  },
  'sitemap.xml': (x) => {
    send(x, 'application/xml', urlset(pageUrls(x)));
  },
  'sitemap.xml.gz': (x) => {
    send(x, 'application/gzip', gzipSync(urlset(pageUrls(x))));
  },
  /** The same file, labelled so that the client's own decoding unpacks it. */
  'sitemap-encoded.xml.gz': (x) => {
    x.response.setHeader('content-encoding', 'gzip');
    send(x, 'application/xml', gzipSync(urlset(pageUrls(x))));
  },
  'sitemap-index.xml': (x) => {
    const children = ['/sitemap-even.xml.gz', '/sitemap-odd.xml'].map(
      (path) => `<sitemap><loc>${x.origin}${path}</loc></sitemap>`,
    );
    send(
      x,
      'application/xml',
      `<?xml version="1.0"?><sitemapindex xmlns="${NAMESPACE}">${children.join('')}</sitemapindex>`,
    );
  },
  'sitemap-even.xml.gz': (x) => {
    send(x, 'application/gzip', gzipSync(urlset(pageUrls(x).filter((_, i) => i % 2 === 0))));
  },
  'sitemap-odd.xml': (x) => {
    send(x, 'application/xml', urlset(pageUrls(x).filter((_, i) => i % 2 === 1)));
  },
  'sitemap-partial.xml': (x) => {
    const children = ['/sitemap-odd.xml', '/status/500', '/sitemap-truncated.xml.gz'].map(
      (path) => `<sitemap><loc>${x.origin}${path}</loc></sitemap>`,
    );
    send(x, 'application/xml', `<sitemapindex>${children.join('')}</sitemapindex>`);
  },
  'sitemap-empty.xml': (x) => {
    send(x, 'application/xml', urlset([]));
  },
  'sitemap-truncated.xml.gz': (x) => {
    const packed = gzipSync(urlset(pageUrls(x)));
    send(x, 'application/gzip', packed.subarray(0, packed.length - 12));
  },
  'sitemap-broken.xml': (x) => {
    send(x, 'application/xml', '<urlset><url><loc>http:');
  },
  'sitemap.txt': (x) => {
    send(x, 'text/plain', pageUrls(x).join('\n'));
  },
  api: (x) => {
    if (x.rest[0] !== 'items') {
      x.response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const size = Number(x.url.searchParams.get('size') ?? 10);
    const page = Number(x.url.searchParams.get('page') ?? 1);
    const items = Array.from({ length: x.items }, (_, i) => itemModel(i)).slice((page - 1) * size, page * size);
    const next = page * size < x.items ? `/api/items?page=${page + 1}&size=${size}` : null;
    if (next !== null) x.response.setHeader('link', `<${next}>; rel="next"`);
    send(x, 'application/json', JSON.stringify({ items, next, page, total: x.items }));
  },
  csv: (x) => {
    const rows = Array.from({ length: x.items }, (_, i) => itemModel(i)).map(
      (r) => `${r.id},"${r.name}, new",${r.price}`,
    );
    send(x, 'text/csv; charset=utf-8', ['id,name,price', ...rows].join('\r\n'));
  },
  xml: (x) => {
    const rows = Array.from({ length: x.items }, (_, i) => itemModel(i)).map(
      (r) => `<item id="${r.id}"><name>${r.name}</name><price>${r.price}</price></item>`,
    );
    send(x, 'application/xml', `<?xml version="1.0"?><items>${rows.join('')}</items>`);
  },
  /** /charset/NAME?declare=header (default) | meta */
  charset: (x) => {
    const name = x.rest[0] ?? '';
    const text = CHARSET_TEXTS[name] ?? '';
    const byMeta = x.url.searchParams.get('declare') === 'meta';
    const head = `${byMeta ? `<meta charset="${name}">` : ''}<title>${text}</title>`;
    const body = iconv.encode(`<!doctype html><html><head>${head}</head><body><h1>${text}</h1></body></html>`, name);
    send(x, byMeta ? 'text/html' : `text/html; charset=${name}`, body);
  },
};

const NAMESPACE = 'http://www.sitemaps.org/schemas/sitemap/0.9';

function urlset(urls: string[]): string {
  const entries = urls.map((url) => `<url><loc>${url}</loc></url>`).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="${NAMESPACE}">${entries}</urlset>\n`;
}

function pageUrls(x: Exchange): string[] {
  return Array.from({ length: x.pages }, (_, i) => `${x.origin}/page/${i}`);
}

function pageHtml(page: PageModel): string {
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const quotes = page.quotes.map(
    ({ text, author }) =>
      `<div class="quote"><span class="text">${escape(text)}</span> <small class="author">${author}</small></div>`,
  );
  const links = page.links.map((href) => `<li><a href="${href}">${href}</a></li>`);
  return `<!doctype html>
<html><head><meta charset="utf-8"><title>${page.title}</title></head>
<body><h1>${page.heading}</h1>
${quotes.join('\n')}
<ul>${links.join('')}</ul>
</body></html>
`;
}

function html(x: Exchange, text: string): void {
  send(x, 'text/html; charset=utf-8', text);
}

function send(x: Exchange, contentType: string, body: string | Uint8Array): void {
  const bytes = Buffer.from(body);
  x.response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length });
  x.response.end(x.request.method === 'HEAD' ? undefined : bytes);
}
