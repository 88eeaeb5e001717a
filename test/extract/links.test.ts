import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NextRule } from '#core/task.ts';
import { nextLink } from '#extract/link-header.ts';
import { extract } from './documents.ts';

async function linksOf(html: string, links = 'a[href]'): Promise<string[]> {
  const result = await extract({ format: 'html', fields: { k: { const: 1 } }, links }, html);
  return result.ok ? result.links : [result.detail];
}

describe('links', () => {
  test.each<[name: string, html: string, links: string[]]>([
    [
      'in the order of the document',
      '<a href=b>1<p><a href=a>2',
      ['https://site.example/dir/b', 'https://site.example/dir/a'],
    ],
    ['each once, fragments apart', '<a href=/a#x>1<a href=/a#y>2<a href=/a>3', ['https://site.example/a']],
    ['a bare fragment is the page', '<a href="#top">1', ['https://site.example/dir/page.html?q=1']],
    [
      'http and https alone',
      '<a href="mailto:a@b">1<a href="javascript:1">2<a href="http://x.example">3',
      ['http://x.example/'],
    ],
    ['what cannot be parsed is no link', '<a href="http://[">1<a href="/ok">2', ['https://site.example/ok']],
    ['relative to the base', '<base href=/b/><a href=c>1', ['https://site.example/b/c']],
    ['white space around', '<a href=" \n/a\t ">1', ['https://site.example/a']],
    ['references are decoded', '<a href="/a?x=1&amp;y=2">1', ['https://site.example/a?x=1&y=2']],
    ['none', '<p>', []],
  ])('%s', async (_name, html, links) => {
    await expect(linksOf(html)).resolves.toEqual(links);
  });

  test('src where there is no href', async () => {
    const html = '<img src=/i><iframe src=/f></iframe><area href=/h src=/s>';
    await expect(linksOf(html, 'img, iframe, area')).resolves.toEqual([
      'https://site.example/i',
      'https://site.example/f',
      'https://site.example/h',
    ]);
  });

  test('only what is selected', async () => {
    await expect(linksOf('<nav><a href=/n>n</a></nav><main><a href=/m>m</a></main>', 'main a')).resolves.toEqual([
      'https://site.example/m',
    ]);
  });
});

describe('the next page', () => {
  test.each<[rule: NextRule, body: string, type: string, headers: Record<string, string>, next: string | undefined]>([
    [{ json: '$.next' }, '{"next":"/p?2#x"}', 'application/json', {}, 'https://site.example/p?2'],
    [{ json: '$.next' }, '{"next":null}', 'application/json', {}, undefined],
    [{ json: '$.next' }, '{"next":""}', 'application/json', {}, undefined],
    [{ json: '$.next' }, '{"next":2}', 'application/json', {}, undefined],
    [{ json: '$.next' }, '{}', 'application/json', {}, undefined],
    [{ css: 'a.next' }, '<base href=/b/><a class=next href=2>', 'text/html', {}, 'https://site.example/b/2'],
    [{ css: 'a.next' }, '<a class=next>', 'text/html', {}, undefined],
    [{ css: 'a.next' }, '<a class=next href="javascript:1">', 'text/html', {}, undefined],
    [{ css: 'a.next' }, '<p>', 'text/html', {}, undefined],
    [
      { header: 'link' },
      '{}',
      'application/json',
      { link: '<?p=2>; rel="next"' },
      'https://site.example/dir/page.html?p=2',
    ],
    [{ header: 'link' }, '{}', 'application/json', { link: '<ftp://x.example/>; rel=next' }, undefined],
    [{ header: 'link' }, '{}', 'application/json', {}, undefined],
  ])('%j in %s', async (rule, body, type, headers, next) => {
    const result = await extract({ fields: { k: { const: 1 } }, next: rule }, body, { type, headers });
    expect(result).toEqual({ ok: true, records: [{ k: 1 }], links: [], ...(next === undefined ? {} : { next }) });
  });

  test.each<[header: string, next: string | undefined]>([
    ['<https://a.example/?page=2>; rel="next", <https://a.example/?page=9>; rel="last"', 'https://a.example/?page=2'],
    ['<a>; rel=prev, <b>; rel=next', 'b'],
    ['<a>;rel="prev  NEXT"', 'a'],
    ['<a,b;c>; title="x, <y>; rel=next"; rel=prev, <z>; rel=next', 'z'],
    ['<a>; title="say \\"hi\\""; REL = next', 'a'],
    ['<a>; rel=prev; rel=next', undefined],
    ['<a>; rel=next; anchor="#x", <b>; rel=next', 'b'],
    ["<a>; title*=UTF-8''n%20e; rel=next", 'a'],
    ['<a>; crossorigin; rel=next', 'a'],
    ['<a>;; rel=next', 'a'],
    [', <a>; rel=next', 'a'],
    ['<>; rel=next', ''],
    ['<a>; rel=nextpage', undefined],
    ['<a', undefined],
    ['a; rel=next', undefined],
    ['', undefined],
  ])('Link: %s', (header, next) => {
    expect(nextLink(header)).toBe(next);
  });

  test('any Link header is read to an end', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', ';', ',', '"', '\\', '=', ' ', 'rel', 'next', 'a') }),
        (header) => {
          expect(['string', 'undefined']).toContain(typeof nextLink(header));
        },
      ),
    );
  });
});
