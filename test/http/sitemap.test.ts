import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FetchResult, Fetcher } from '#core/ports.ts';
import { createFetcher } from '#http/fetcher.ts';
import { SitemapError, readSitemap, type SitemapEntry, type SitemapSpec } from '#http/sitemap.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { requestOf } from './request.ts';

const BASE = 'https://a.example';

/** A web of documents in memory; what is not there is 404. */
async function read(
  spec: SitemapSpec,
  documents: Record<string, string | Uint8Array>,
  headers = {},
): Promise<SitemapEntry[]> {
  const fetch = (url: string): Promise<FetchResult> => {
    const document = documents[url.replace(BASE, '')];
    const body = Buffer.from(document ?? '');
    const status = document === undefined ? 404 : 200;
    return Promise.resolve({
      ok: true,
      status,
      finalUrl: url,
      headers,
      body,
      redirects: 0,
      wireBytes: body.length,
      ms: 1,
    });
  };
  return Array.fromAsync(readSitemap(spec, fetch));
}
const readOne = (document: string | Uint8Array, headers = {}): Promise<SitemapEntry[]> =>
  read({ url: `${BASE}/s.xml` }, { '/s.xml': document }, headers);
const urlsOf = (entries: SitemapEntry[]): string[] =>
  entries.map((entry) => (entry.kind === 'url' ? entry.url : `${entry.reason} ${entry.url}`));
const url = (path: string): string => `<url><loc>${BASE}${path}</loc><lastmod>2024-01-01</lastmod></url>`;
const child = (path: string): string => `<sitemap><loc>${BASE}${path}</loc></sitemap>`;

describe('formats', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    ['urlset', `<?xml version="1.0"?><urlset>${url('/1')}${url('/2')}</urlset>`, ['/1', '/2']],
    ['prefixed', `<s:urlset xmlns:s="x"><s:url><s:loc>${BASE}/1</s:loc></s:url></s:urlset>`, ['/1']],
    ['white space', `\n\n <urlset><url><loc>\n  ${BASE}/1\n </loc></url></urlset>`, ['/1']],
    ['entities', `<urlset>${url('/?a=1&amp;b=2&#38;c=&#x33;')}</urlset>`, ['/?a=1&b=2&c=3']],
    ['CDATA', `<urlset><url><loc><![CDATA[${BASE}/?a=1&b=2]]></loc></url></urlset>`, ['/?a=1&b=2']],
    ['comments', `<!-- c --><urlset><url><loc>${BASE}<!-- x -->/1</loc></url></urlset>`, ['/1']],
    [
      'image and video locations',
      `<urlset><url><loc>${BASE}/1</loc><image:image><image:loc>${BASE}/i.png</image:loc></image:image></url></urlset>`,
      ['/1'],
    ],
    ['relative', '<urlset><url><loc>/1</loc></url></urlset>', ['/1']],
    [
      'no URLs among URLs',
      `<urlset><url><loc>mailto:a@b</loc></url><url><loc></loc></url>${url('/1')}</urlset>`,
      ['/1'],
    ],
    ['text', `${BASE}/1\r\n\r\n${BASE}/2\nnonsense\n${BASE}/3`, ['/1', '/2', '/3']],
    ['text with BOM', `\uFEFF${BASE}/1`, ['/1']],
    [
      'RSS',
      `<rss><channel><link>${BASE}/</link><item><title>t</title><link>${BASE}/1</link></item></channel></rss>`,
      ['/1'],
    ],
    ['RSS 1.0', `<rdf:RDF><channel/><item><link>${BASE}/1</link></item></rdf:RDF>`, ['/1']],
    [
      'Atom',
      `<feed><link href="${BASE}/"/><entry><link rel="edit" href="/e"/><link href="/1"/><link rel="alternate" href="/2"/></entry></feed>`,
      ['/1', '/2'],
    ],
    ['gzip', gzipSync(`<urlset>${url('/1')}</urlset>`), ['/1']],
    ['gzip text', gzipSync(`${BASE}/1\n`), ['/1']],
    ['UTF-16', iconv.encode(`<urlset>${url('/ü')}</urlset>`, 'utf-16le', { addBOM: true }), ['/%C3%BC']],
    [
      'declared',
      iconv.encode(`<?xml version="1.0" encoding="windows-1252"?><urlset>${url('/ü')}</urlset>`, 'latin1'),
      ['/%C3%BC'],
    ],
    ['broken off', `<urlset>${url('/1')}<url><loc>${BASE}/hal`, ['/1']],
    ['empty urlset', '<urlset></urlset>', []],
    ['self-closed', '<?xml version="1.0"?><urlset/>', []],
    ['empty index', '<sitemapindex></sitemapindex>', []],
    ['nothing at all', '', []],
  ])('%s', async (_name, document, paths) => {
    expect(urlsOf(await readOne(document))).toEqual(paths.map((path) => BASE + path));
  });

  it('the HTTP charset goes before the declaration', async () => {
    const body = iconv.encode(`<?xml version="1.0" encoding="utf-8"?><urlset>${url('/ж')}</urlset>`, 'windows-1251');
    expect(urlsOf(await readOne(body, { 'content-type': 'text/xml; charset="windows-1251"' }))).toEqual([
      `${BASE}/%D0%B6`,
    ]);
  });

  it('is read in pieces: locations may lie across chunks', async () => {
    const paths = Array.from({ length: 3_000 }, (_, i) => `/page-${i}?${'x'.repeat(i % 97)}`);
    expect(urlsOf(await readOne(`<urlset>${paths.map(url).join('')}</urlset>`))).toEqual(
      paths.map((path) => BASE + path),
    );
    expect(urlsOf(await readOne(paths.map((path) => BASE + path).join('\n')))).toEqual(
      paths.map((path) => BASE + path),
    );
  });
});

describe('what cannot be read', () => {
  const packed = gzipSync(`<urlset>${url('/1')}</urlset>`);
  it.each<[string, string | Uint8Array, string]>([
    ['a page', '<!doctype html><html><body>Not found</body></html>', 'extract'],
    ['JSON', '{"urls": []}', 'extract'],
    ['broken off before anything is named', '<urlset><url><loc>http:', 'extract'],
    ['a lone <', '<', 'extract'],
    ['deeply nested', `<urlset>${'<a>'.repeat(10_000)}`, 'extract'],
    ['truncated gzip', packed.subarray(0, packed.length - 9), 'decode'],
    ['corrupt gzip', Buffer.concat([packed.subarray(0, 12), Buffer.alloc(50, 0xff)]), 'decode'],
    ['a bomb', gzipSync(Buffer.alloc(52 * 1024 * 1024, ' ')), 'tooLarge'],
  ])('%s', async (_name, document, reason) => {
    const error: unknown = await readOne(document).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SitemapError);
    expect(error).toMatchObject({ reason });
  });

  it('status and fetch failures keep their reason', async () => {
    await expect(read({ url: `${BASE}/none.xml` }, {})).rejects.toMatchObject({
      reason: 'status',
      detail: 'status 404',
    });
    const failing = (reason: 'dns' | 'disallowed' | 'aborted') => () =>
      Promise.resolve<FetchResult>({ ok: false, reason, detail: 'why', finalUrl: BASE, ms: 1 });
    for (const [reason, told] of [
      ['dns', 'dns'],
      ['disallowed', 'redirects'],
      ['aborted', 'timeout'],
    ] as const) {
      await expect(Array.fromAsync(readSitemap({ url: BASE }, failing(reason)))).rejects.toMatchObject({
        reason: told,
      });
    }
  });
});

describe('indexes', () => {
  it('are walked depth first, each sitemap once, bad children told and passed over', async () => {
    const entries = await read(
      { url: `${BASE}/i.xml` },
      {
        '/i.xml': `<sitemapindex>${['/a.xml', '/gone.xml', '/i.xml', '/b.xml', '/a.xml'].map(child).join('')}</sitemapindex>`,
        '/a.xml': `<urlset>${url('/1')}</urlset>`,
        '/b.xml': gzipSync(`<urlset>${url('/2')}</urlset>`),
      },
    );
    expect(urlsOf(entries)).toEqual([`${BASE}/1`, `status ${BASE}/gone.xml`, `${BASE}/2`]);
  });

  it('nest three deep and no deeper', async () => {
    const documents: Record<string, string> = { '/5': `<urlset>${url('/x')}</urlset>` };
    for (let i = 0; i < 5; i++) documents[`/${i}`] = `<sitemapindex>${child(`/${i + 1}`)}</sitemapindex>`;
    expect(urlsOf(await read({ url: `${BASE}/0` }, documents))).toEqual([`extract ${BASE}/4`]);
    expect(urlsOf(await read({ url: `${BASE}/2` }, documents))).toEqual([`${BASE}/x`]);
  });
});

describe('what robots.txt names', () => {
  it('is read in order', async () => {
    const documents = {
      '/robots.txt': `User-agent: *\nDisallow: /\nSitemap: ${BASE}/a.xml\nSitemap: /b.xml\nSitemap: ${BASE}/none.xml`,
      '/a.xml': `<urlset>${url('/1')}</urlset>`,
      '/b.xml': `<urlset>${url('/2')}</urlset>`,
    };
    expect(urlsOf(await read({ robots: `${BASE}/some/page` }, documents))).toEqual([
      `${BASE}/1`,
      `${BASE}/2`,
      `status ${BASE}/none.xml`,
    ]);
  });

  it('is missed when there is nothing named', async () => {
    await expect(read({ robots: BASE }, { '/robots.txt': 'User-agent: *' })).rejects.toMatchObject({
      reason: 'extract',
    });
    await expect(read({ robots: BASE }, {})).rejects.toMatchObject({ reason: 'status' });
  });
});

describe('against the origin', () => {
  let origin: Origin;
  let fetcher: Fetcher;
  beforeAll(async () => {
    origin = await startOrigin({ pages: 6 });
    fetcher = createFetcher({ userAgent: 'x' });
  });
  afterAll(async () => {
    await fetcher.close();
    await origin.close();
  });
  const readFrom = (path: string): Promise<SitemapEntry[]> =>
    Array.fromAsync(readSitemap({ url: origin.url + path }, (u) => fetcher.fetch(requestOf(u))));

  it.each(['/sitemap.xml', '/sitemap.xml.gz', '/sitemap-encoded.xml.gz', '/sitemap.txt', '/sitemap-index.xml'])(
    '%s',
    async (path) => {
      expect(urlsOf(await readFrom(path)).sort()).toEqual(origin.site());
    },
  );
  it('robots.txt', async () => {
    const entries = await Array.fromAsync(readSitemap({ robots: origin.url }, (u) => fetcher.fetch(requestOf(u))));
    expect(urlsOf(entries)).toEqual(origin.site());
  });
  it('a partly broken index gives the rest', async () => {
    const entries = await readFrom('/sitemap-partial.xml');
    const failed = entries.filter((entry) => entry.kind === 'failed').map(({ reason }) => reason);
    expect(failed).toEqual(['status', 'decode']);
    expect(urlsOf(entries)).toEqual(expect.arrayContaining(origin.site().filter((_, i) => i % 2 === 1)));
  });
  it.each([
    ['/sitemap-truncated.xml.gz', 'decode'],
    ['/sitemap-broken.xml', 'extract'],
    ['/truncated-gzip', 'decode'],
    ['/reset', 'connect'],
    ['/loop', 'redirects'],
    ['/private-redirect', 'blockedAddress'],
  ])('%s → %s', async (path, reason) => {
    await expect(readFrom(path)).rejects.toMatchObject({ name: 'SitemapError', reason });
  });
  it('an empty one is no error', async () => {
    expect(await readFrom('/sitemap-empty.xml')).toEqual([]);
  });
});
