/** The scanner's core in WebAssembly: that it is what its source says, and its bounds. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CORE_BYTES_FILE, coreBytesSource } from '../../src/extract/scan/build-core.ts';
import type { MarkupQuery, Pick } from '#extract/markup.ts';
import { knownTag, tagNames } from '../../src/extract/scan/tags.ts';
import { scannedRows } from '#support/markup/scanned.ts';
import * as numbers from '../../src/extract/scan/numbers.ts';

const pick = (css: string, attribute?: string): Pick => ({
  css,
  reading: attribute === undefined ? { as: 'text' } : { as: 'attribute', name: attribute },
  all: true,
});
const query = (...picks: Pick[]): MarkupQuery => ({ each: undefined, picks, links: undefined, next: undefined, base: false }); // prettier-ignore
const scan = async (asked: MarkupQuery, html: string) => (await scannedRows(asked))(html);

test('the bytes are what the compiler makes of the source', async () => {
  expect(await coreBytesSource()).toBe(readFileSync(CORE_BYTES_FILE, 'utf8'));
});

test('the numbers of tags are their places among the names', () => {
  const tags = Object.entries(numbers).filter(([name]) => name.startsWith('T_'));
  expect(tags.length).toBeGreaterThan(50);
  for (const [name, number] of tags) {
    expect(tagNames[number - 1]?.toUpperCase().replace('-', '_')).toBe(name.slice(2));
    expect(knownTag(tagNames[number - 1] ?? '')).toBe(number);
  }
});

test('queries take turns, each with its own names and tests', async () => {
  const of = (css: string) => scannedRows(query(pick(css, 'id')));
  const [first, second] = [await of('my-element'), await of('other-element-with-a-long-name[class~=x]')];
  const html = '<my-element id=1></my-element><other-element-with-a-long-name id=2 class="y x"><MY-ELEMENT ID=3>';
  for (let i = 0; i < 3; i++) {
    expect(first(html)).toEqual([[['1', '3']]]);
    expect(second(html)).toEqual([[['2']]]);
  }
});

test('a document larger than the memory, then a small one', async () => {
  const large = `<p id=a>x</p>${'<i>y</i>'.repeat(4_000_000)}<p id=b>`;
  expect(await scan(query(pick('p', 'id')), large)).toEqual([[['a', 'b']]]);
  expect(await scan(query(pick('p', 'id')), '<p id=c>')).toEqual([[['c']]]);
});

test('more matches than may be told', async () => {
  expect(await scan(query(pick('i', 'id')), '<i></i>'.repeat(5_000_000))).toBe('too many matches');
});

test('more attributes on one tag, and more open formatting elements, than there is room for', async () => {
  const attributes = Array.from({ length: 5_000 }, (_, i) => `a${String(i)}`).join(' ');
  expect(await scan(query(pick('p', 'id')), `<p ${attributes}>`)).toBe('too many attributes');
  expect(await scan(query(pick('p', 'id')), `<table>${'<td><marquee></td>'.repeat(9_000)}`)).toBe(
    'too many open formatting elements',
  );
});

test('the end of the document in the middle of anything', async () => {
  const html =
    '<!doctype html><p class="a b" id=x title=\'y\'>t&amp;u<!-- c --><a href=1>l</a><script>s</script><svg><![CDATA[d]]></svg>';
  const asked = query(pick('p', 'id'), pick('a', 'href'), pick('p'));
  for (let length = 0; length <= html.length; length++) {
    const scanned = await scan(asked, html.slice(0, length));
    expect(scanned).toEqual([[expect.any(Array), expect.any(Array), expect.any(Array)]]);
  }
});
