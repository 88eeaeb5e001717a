/** What the comments of the examples promise, through the real extractor: pages fetched from the demo site, records compared. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTaskFile } from '#cli/task-file.ts';
import { jsonOf, type JsonObject } from '#core/json.ts';
import { compileExtractor } from '#extract/compile.ts';
import { startSite, type Site } from '../../examples/site.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite({ port: 0 });
});
afterAll(() => site.close());

async function recordsOf(example: string, where: string): Promise<JsonObject[]> {
  const read = await readTaskFile(path.join(import.meta.dirname, '../../examples', `${example}.yaml`));
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  const response = await fetch(site.url + where);
  const url = `http://127.0.0.1:8080${where}`;
  const headers = Object.fromEntries(response.headers);
  const extractor = await compileExtractor({ extract: read.task.extract });
  const extraction = await extractor.extract({ url, finalUrl: url, headers, body: await response.bytes() });
  if (!extraction.ok) throw new Error(extraction.detail);
  return extraction.records.map((bytes) => jsonOf(bytes) as JsonObject);
}

test.each<[string, string, number, JsonObject]>([
  [
    'crawl',
    '/book/1',
    1,
    { id: 1, title: 'The Quiet Harbour of Tromsø', authorUrl: 'http://127.0.0.1:8080/author/chiara-bergmann' },
  ],
  ['crawl', '/books/', 0, {}],
  ['sitemap', '/zh/3', 1, { kind: 'zh', title: '未完的果园（第1卷）', price: 34 }],
  ['sitemap', '/author/ada-bergmann', 1, { kind: 'author', title: 'Ada Bergmann' }],
  ['scheduled', '/author/ada-bergmann', 1, { kind: 'author', title: 'Ada Bergmann' }],
  ['alerts', '/author/ada-bergmann', 1, { kind: 'author', title: 'Ada Bergmann' }],
  ['urls', '/book/7', 1, { title: 'The Northern Harbour of Tromsø', page: 'product' }],
  ['list', '/book/5', 1, { title: 'The Patient Harbour of Tromsø', isbn: '9790000064959' }],
  ['range', '/quotes/page/2', 10, {}],
  ['follow', '/api/books?page=6', 50, { id: 251 }],
  ['csv', '/export/books.csv', 300, { id: 1, title: 'The Quiet Harbour of Tromsø' }],
])('%s at %s gives %i records', async (example, where, count, holds) => {
  const records = await recordsOf(example, where);
  expect(records).toHaveLength(count);
  if (count > 0) expect(records[0]).toMatchObject(holds);
  // Every field of every example finds something.
  for (const record of records)
    expect(Object.entries(record).filter(([name, value]) => value === null && name !== 'price')).toEqual([]);
});
