import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FetchResult, Fetcher } from '#core/ports.ts';
import { createFetcher } from '#http/fetcher.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { CHARSET_TEXTS, itemModel, pageModel } from '#support/origin/site.ts';
import { requestOf } from './request.ts';

/** The routes that other suites rely on and no test of this room meets otherwise. */
let origin: Origin;
let fetcher: Fetcher;
beforeAll(async () => {
  origin = await startOrigin({ pages: 12, items: 25 });
  fetcher = createFetcher({ userAgent: 'x' });
});
afterAll(async () => {
  await fetcher.close();
  await origin.close();
});
const get = (path: string): Promise<FetchResult> => fetcher.fetch(requestOf(origin.url + path));
async function textOf(path: string): Promise<string> {
  const result = await get(path);
  return result.ok ? Buffer.from(result.body).toString() : result.reason;
}

it('pages form a tree that reaches them all', async () => {
  const reached = new Set<string>();
  const todo = ['/page/0'];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    const text = await textOf(path);
    expect(text).toContain(`<title>${pageModel(Number(path.slice(6)), 12).title}</title>`);
    todo.push(...[...text.matchAll(/href="(\/page\/\d+)"/g)].map((match) => match[1] ?? ''));
  }
  expect(reached.size).toBe(12);
  expect(await get('/page/12')).toMatchObject({ status: 404 });
});

it('the API pages by body and by Link header', async () => {
  const ids: number[] = [];
  let next: string | null = '/api/items';
  while (next !== null) {
    const result = await get(next);
    if (!result.ok) throw new Error(result.reason);
    const page = JSON.parse(Buffer.from(result.body).toString()) as { items: { id: number }[]; next: string | null };
    ids.push(...page.items.map((item) => item.id));
    expect(result.headers['link']).toBe(page.next === null ? undefined : `<${page.next}>; rel="next"`);
    next = page.next;
  }
  expect(ids).toEqual(Array.from({ length: 25 }, (_, i) => itemModel(i).id));
});

it('flaky and impatient routes count by key', async () => {
  const statuses = async (path: string): Promise<(number | undefined)[]> => {
    const results = [await get(path), await get(path), await get(path)];
    return results.map((result) => (result.ok ? result.status : undefined));
  };
  expect(await statuses('/flaky/a?fail=2')).toEqual([503, 503, 200]);
  expect(await statuses('/flaky/b?fail=0')).toEqual([200, 200, 200]);
  expect(await statuses('/retry-after/c')).toEqual([429, 200, 200]);
});

describe('charsets', () => {
  it.each(Object.entries(CHARSET_TEXTS))('%s is written in its own bytes, declared either way', async (name, text) => {
    for (const declare of ['header', 'meta']) {
      const result = await get(`/charset/${name}?declare=${declare}`);
      if (!result.ok) throw new Error(result.reason);
      expect(new TextDecoder(name).decode(result.body)).toContain(`<h1>${text}</h1>`);
      expect(result.headers['content-type']?.includes(name)).toBe(declare === 'header');
    }
  });
});

it('robots.txt is what it was last set to', async () => {
  expect(await textOf('/robots.txt')).toContain(`Sitemap: ${origin.url}/sitemap.xml`);
  origin.setRobots({ body: 'User-agent: *\nDisallow: /' });
  expect(await textOf('/robots.txt')).toBe('User-agent: *\nDisallow: /');
  origin.setRobots({ status: 503 });
  expect(await get('/robots.txt')).toMatchObject({ status: 503 });
});

it('knows how many requests were open at once', async () => {
  origin.clear();
  await Promise.all([get('/together/3'), get('/together/3'), get('/together/3')]);
  expect(origin.maxInFlight()).toBe(3);
  expect(origin.requests('/together').map((r) => r.inFlight)).toEqual([1, 2, 3]);
});

it.each(['/csv', '/xml', '/malformed-json', '/', '/private/x'])('%s answers', async (path) => {
  expect(await get(path)).toMatchObject({ ok: true, status: 200 });
});
it.each(['/nowhere', '/__proto__', '/constructor'])('%s is not found', async (path) => {
  expect(await get(path)).toMatchObject({ status: 404 });
});
