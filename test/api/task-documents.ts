/** Task documents of CONTRACT §2 that this release takes. */
export const FULL = {
  name: 'python-docs',
  description: 'optional text',
  source: {
    urls: ['https://a.example/1', { url: 'https://a.example/2', method: 'POST', headers: { 'X-A': 'b' }, body: '...' }],
    include: ['https://a.example/docs/**'],
    exclude: ['**/*.pdf'],
  },
  fetch: {
    headers: { Accept: 'text/html' },
    secretHeaders: {},
    timeoutSeconds: 30,
    maxBytes: 5242880,
    redirects: 5,
    robots: 'respect',
    cache: 'off',
  },
  extract: {
    format: 'auto',
    each: '.quote',
    fields: {
      title: 'h1',
      heads: { css: 'h2', all: true },
      links: { css: 'a[href]', attr: 'href', as: 'url', all: true },
      price: { css: '.price', match: '([0-9.]+)', as: 'number' },
      id: { json: '$.id' },
      kind: { const: 'book' },
      topic: { css: 'meta[name=topic]', attr: 'content', default: 'none', required: true },
    },
    key: ['id'],
    keepBody: 'none',
  },
  pace: { requestsPerSecond: 5, concurrency: 8, adapt: true },
  retry: { attempts: 4, baseSeconds: 1, maxSeconds: 300 },
  limits: { maxTargets: 1000000, maxMinutes: 1440, maxRecords: null, maxCostUsd: null },
  output: { format: 'ndjson' },
  schedule: { cron: '0 3 * * *', timezone: 'Asia/Shanghai', overlap: 'skip' },
  alerts: {
    errorRate: 0.05,
    minRecords: 1,
    maxMinutes: 30,
    notify: [{ webhook: 'https://hook.example/x' }, { email: 'a@b.example' }],
  },
  priority: 'normal',
};

export const SOURCES: Record<string, object> = {
  urls: { urls: ['https://a.example/1'] },
  'list in S3': { list: 's3://bucket/lists/all.txt.gz' },
  'list of an upload': { list: 'upload:01k2m3n4p5q6r7s8t9v0w1x2y3' },
  sitemap: { sitemap: 'https://a.example/sitemap.xml' },
  'sitemap by robots.txt': { sitemap: { robots: 'https://a.example/' } },
  range: { range: { url: 'https://a.example/items?page={page}', page: { from: 1, to: 5000, step: 1, pad: 0 } } },
  'range of two': {
    range: { url: 'https://a.example/{a}/{b}', a: { from: 1, to: 2 }, b: { from: -3, to: 3, pad: 2 } },
  },
  crawl: {
    crawl: { seeds: ['https://a.example/'], depth: 3, scope: 'domain', links: 'a[href]', maxTargets: 10000 },
  },
  'follow by JSON': { follow: { url: 'https://api.example/items', next: { json: '$.next' }, maxPages: 1000 } },
  'follow by CSS': { follow: { url: 'https://api.example/items', next: { css: 'a.next' } } },
  'follow by header': { follow: { url: 'https://api.example/items', next: { header: 'link' } } },
};

export const SMALL = { name: 'small', source: { urls: ['https://a.example/'] } };
