import { describe, expect, test } from 'vitest';
import { fieldCandidates } from '#extract/candidates.ts';
import { caller, MemoryWorld, task } from '#support/memory-world.ts';

const URL = 'https://a.example/1';
const ready = () => new MemoryWorld().open();

describe('preview', () => {
  test('a draft alone is judged and nothing is sent', async () => {
    const world = await ready();
    expect(await world.service.preview(caller, task())).toEqual({ ok: true, value: { warnings: [] } });
    expect(world.requests).toEqual([]);
  });

  test('one page is fetched through the pace of its host, and nothing is stored', async () => {
    const world = await ready();
    world.web = () => ({ body: 'one page', headers: { 'content-type': 'text/plain' } });
    const got = await world.until(world.service.preview(caller, task(), URL));
    expect(got).toMatchObject({
      ok: true,
      value: {
        page: { status: 200, finalUrl: URL, bytes: 8, contentType: 'text/plain' },
        records: [{ body: 'one page' }],
      },
    });
    expect(world.requests.map(({ url }) => url)).toEqual([URL]);
    expect(await world.service.listTasks(caller, { limit: 10 })).toMatchObject({ value: { items: [] } });
    expect(await world.service.listRuns(caller, {}, { limit: 10 })).toMatchObject({ value: { items: [] } });
  });

  test('what robots.txt forbids is not fetched', async () => {
    const world = await ready();
    world.robots = () => ({ kind: 'disallowed', rule: 'Disallow: /1' });
    const got = await world.until(world.service.preview(caller, task(), URL));
    expect(got).toEqual({
      ok: true,
      value: { warnings: [], problem: { reason: 'disallowed', detail: 'Disallow: /1' } },
    });
    expect(world.requests).toEqual([]);
  });

  test('a host that the tenant has stopped is not asked, and the answer says so', async () => {
    const world = await ready();
    await world.service.putHost(caller, 'a.example', { stop: true, scope: 'tenant' });
    const got = await world.until(world.service.preview(caller, task(), URL));
    expect(got).toMatchObject({ ok: true, value: { problem: { reason: 'timeout' } } });
    expect(world.requests).toEqual([]);
  });

  test('no secret is sent, a refused page and one without records have their reason', async () => {
    const world = await ready();
    let sent: object = {};
    world.web = (request) => {
      sent = request.secretHeaders;
      return { status: 404 };
    };
    const missing = await world.until(world.service.preview(caller, task(), URL));
    expect(missing).toMatchObject({ value: { problem: { reason: 'status' } } });
    expect(sent).toEqual({});
    world.web = () => ({ body: 'unreadable' });
    const unread = await world.until(world.service.preview(caller, task(), URL));
    expect(unread).toMatchObject({ value: { page: { status: 200 }, records: [], problem: { reason: 'extract' } } });
  });

  test('what is no URL, and a task that may not be, are refused', async () => {
    const world = await ready();
    expect(await world.service.preview(caller, task(), 'ftp://a')).toMatchObject({ refusal: { status: 422 } });
    const rude = task({ fetch: { ...task().fetch, robots: 'ignore' } });
    expect(await world.service.preview(caller, rude)).toMatchObject({ refusal: { status: 403 } });
  });
});

describe('candidates', () => {
  const of = (type: string, text: string) =>
    fieldCandidates({
      url: URL,
      finalUrl: URL,
      headers: { 'content-type': type },
      body: new TextEncoder().encode(text),
    });

  test('of HTML: what ids, classes, microdata and meta name, with what they give and how often', () => {
    const html =
      '<title>Shop</title><meta name="author" content="Ann"><p class="price">5</p><p class="price">6</p>' +
      '<a id="next" href="/2">on</a><span itemprop="sku">X1</span><script class="x">no</script>';
    expect(of('text/html', html)).toEqual(
      expect.arrayContaining([
        { name: 'title', css: 'title', sample: 'Shop', count: 1 },
        { name: 'author', css: 'meta[name="author"]', attr: 'content', sample: 'Ann', count: 1 },
        { name: 'price', css: '.price', sample: '5', count: 2 },
        { name: 'next_href', css: '#next', attr: 'href', sample: '/2', count: 1 },
        { name: 'itemprop_sku', css: '[itemprop="sku"]', sample: 'X1', count: 1 },
      ]),
    );
    expect(JSON.stringify(of('text/html', html))).not.toContain('no');
  });
  test('of JSON: paths; of other kinds and broken documents: none', () => {
    expect(of('application/json', '{"a": {"b": [{"c": 1}]}, "d": "x"}')).toEqual([
      { name: 'c', json: '$.a.b[0].c', sample: '1', count: 1 },
      { name: 'd', json: '$.d', sample: 'x', count: 1 },
    ]);
    expect(of('application/json', '{')).toEqual([]);
    expect(of('application/pdf', '%PDF')).toEqual([]);
  });
  test('a page with ten thousand classes gives a bounded list', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `<p class="c${String(i)}">x</p>`).join('');
    expect(of('text/html', many).length).toBe(60);
  });
});
