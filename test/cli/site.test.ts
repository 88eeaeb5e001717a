import { readdirSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTaskFile } from '#cli/task-file.ts';
import { encodeGb18030 } from '../../examples/bookshop/gb18030.ts';
import { startSite, type Site } from '../../examples/site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite({ port: 0 });
});
afterAll(() => site.close());
const get = (where: string): Promise<Response> => fetch(site.url + where, { redirect: 'manual' });

describe('routes', () => {
  test.each([
    ['/', 200, 'text/html; charset=utf-8', 'The Lantern Bookshop'],
    ['/books/?page=15', 200, 'text/html; charset=utf-8', '/book/300"'],
    ['/books/?page=16', 404, 'text/html; charset=utf-8', 'Not found'],
    ['/book/17', 200, 'text/html; charset=utf-8', 'data-id="17"'],
    ['/book/301', 404, 'text/html; charset=utf-8', 'Not found'],
    ['/book/9999', 404, 'text/html; charset=utf-8', 'Not found'],
    ['/author/ada-bergmann', 200, 'text/html; charset=utf-8', '<h1>Ada Bergmann'],
    ['/category/sea', 200, 'text/html; charset=utf-8', '/book/8"'],
    ['/category/none', 404, 'text/html; charset=utf-8', 'Not found'],
    ['/quotes/page/10', 200, 'text/html; charset=utf-8', 'class="quote"'],
    ['/quotes/page/11', 404, 'text/html; charset=utf-8', 'Not found'],
    ['/quotes/page/1/more', 404, 'text/html; charset=utf-8', 'Not found'],
    ['/export/books.csv', 200, 'text/csv; charset=utf-8', 'id,title,author,price,pages,published\r\n1,"The '],
    ['/private/orders', 200, 'text/html; charset=utf-8', 'Orders'],
  ])('%s answers %i', async (where, status, type, holds) => {
    const response = await get(where);
    expect([response.status, response.headers.get('content-type')]).toEqual([status, type]);
    expect(await response.text()).toContain(holds);
  });

  test('robots.txt leads to a sitemap index, and that to every book, author and Chinese page once', async () => {
    expect(await (await get('/robots.txt')).text()).toContain(
      `Disallow: /private/\n\nSitemap: ${site.url}/sitemap.xml`,
    );
    const index = await (await get('/sitemap.xml')).text();
    expect(index).toContain(`${site.url}/sitemap-books.xml.gz`);
    const books = gunzipSync(await (await get('/sitemap-books.xml.gz')).bytes()).toString();
    const pages = await (await get('/sitemap-pages.xml')).text();
    const named = [...(books + pages).matchAll(/<loc>([^<]+)</g)].map(([, url]) => url);
    expect(new Set(named).size).toBe(352);
    expect(named).toHaveLength(352);
  });

  test('the API names its next page until there is none', async () => {
    let next: string | null = `${site.url}/api/books`;
    const ids: number[] = [];
    for (let pages = 0; next !== null && pages < 10; pages++) {
      const page = (await (await fetch(next)).json()) as { items: { id: number }[]; next: string | null };
      ids.push(...page.items.map(({ id }) => id));
      next = page.next;
    }
    expect(ids).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect((await get('/api/books?page=7')).status).toBe(404);
  });

  test.each(['/tired/5', '/book/42'])('%s is tired at first and recovers', async (where) => {
    const [first, second] = [await get(where), await get(where)];
    expect([first.status, first.headers.get('retry-after'), second.status]).toEqual([503, '1', 200]);
  });

  test('a moved page says where', async () => {
    const response = await get('/old/book/7');
    expect([response.status, response.headers.get('location')]).toEqual([301, '/book/7']);
  });

  test('the Chinese shelf is GB18030 by its own word alone', async () => {
    const response = await get('/zh/3');
    expect(response.headers.get('content-type')).toBe('text/html');
    const text = new TextDecoder('gb18030', { fatal: true }).decode(await response.bytes());
    expect(text).toContain('<meta charset="gb18030">');
    expect(text).toContain('沈𠮷安 著');
  });

  test('other methods are refused', async () => {
    expect((await fetch(site.url, { method: 'POST' })).status).toBe(405);
  });
});

test('what is encoded decodes to itself', () => {
  const text = 'A书店，￥𠮷😀—é';
  expect(new TextDecoder('gb18030').decode(encodeGb18030(text))).toBe(text);
  // Not in the tables.
  expect(encodeGb18030('£').toString()).toBe('?');
});

test('every example is a sound task, and together they show every kind of source', async () => {
  const dir = path.join(import.meta.dirname, '../../examples');
  const kinds = new Set<string>();
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.yaml'))) {
    const read = await readTaskFile(path.join(dir, file));
    expect(read, file).toMatchObject({ ok: true, warnings: [] });
    if (read.ok) for (const kind of Object.keys(read.task.source)) kinds.add(kind);
  }
  expect([...kinds]).toEqual(expect.arrayContaining(['urls', 'list', 'sitemap', 'range', 'crawl', 'follow']));
});
