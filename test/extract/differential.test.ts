/** The scanner against the tree: the same answers, or the tree's own. `node bench/differential.ts` does it on 100,000 documents. */
import { describe, expect, test } from 'vitest';
import { BOOKS_ALL, ZH_BOOKS } from '../../examples/bookshop/catalogue.ts';
import {
  authorsPage,
  bookPage,
  homePage,
  listPage,
  quotePage,
  zhBookPage,
  zhIndexPage,
} from '../../examples/bookshop/pages.ts';
import { treeReason } from '#extract/markup-engine.ts';
import type { MarkupQuery, Pick } from '#extract/markup.ts';
import { compareGenerated, emptyTally, mixedUp } from '#support/markup/compare.ts';
import { scannedRows } from '#support/markup/scanned.ts';

const SHOP = [
  homePage(),
  authorsPage(),
  zhIndexPage(),
  ...[1, 2, 3].flatMap((page) => [listPage(page), quotePage(page)]),
  ...BOOKS_ALL.slice(0, 10).map(bookPage),
  ...ZH_BOOKS.slice(0, 3).map(zhBookPage),
].filter((page) => page !== undefined);

const text = (css: string, all = false): Pick => ({ css, reading: { as: 'text' }, all });
const query = (part: Partial<MarkupQuery> = {}): MarkupQuery => ({
  each: undefined,
  picks: [text('p', true)],
  links: undefined,
  next: undefined,
  base: false,
  ...part,
});

describe('generated documents and queries', () => {
  test('2,000 of them give what the tree gives', async () => {
    const tally = emptyTally();
    await compareGenerated(tally, 20_261_126, 2_000);
    expect(tally.differences).toEqual([]);
    expect(tally.documents).toBe(2_000);
    // Otherwise nothing would have been compared.
    expect(tally.scanned).toBeGreaterThan(1_000);
    expect(tally.unfollowed.size).toBeGreaterThan(5);
  });

  test('300 pages of the bookshop, cut and mixed up', async () => {
    const tally = emptyTally();
    await compareGenerated(tally, 6, 300, mixedUp(SHOP));
    expect(tally.differences).toEqual([]);
    expect(tally.scanned).toBeGreaterThan(150);
  });
});

describe('what is left to the tree', () => {
  test.each<[why: string, html: string]>([
    ['a NUL', '<p>a\0b'],
    ['a name beyond ASCII', '<xé>'],
    ['attributes added to html or body', '<body><p>x<body class=a>'],
    ['frameset or plaintext', '<p>x<plaintext>'],
    ['a head that goes on after its end', '<head><title>t</title></head><script>x</script><p>y'],
    ['a reference that may be white space', '<head>&#32;</head><p>x'],
    ['a formatting element that ends outside of a block it began before', '<b><p>x</b>y'],
    ['a formatting element inside of three of its kind', '<b><b><b><b>x'],
    ['text that is moved out of a table', '<table>x<tr><td>y</table>'],
    ['an element that is moved out of a table', '<table><p>x</p><tr><td>y</table>'],
    ['HTML directly inside of SVG or MathML', '<svg><p>x</svg>'],
    ['annotation-xml', '<math><annotation-xml>x</math>'],
    ['a form that ends inside of an element it holds', '<form><div></form>x'],
    ['a table in a paragraph, after an old doctype', '<!doctype html public "x"><p>a<table><tr><td>b</table>'],
    ['a link in a link that stays open', '<a href=1><svg><desc><a href=2>'],
    ['a part of a table that ends in a template', '<template><tr><tbody></template>'],
    ['deep nesting', '<div>'.repeat(2_100)],
  ])('%s', async (why, html) => {
    const picks: Pick[] = [text('p', true), text('head'), { ...text('body'), reading: { as: 'attribute', name: 'class' } }]; // prettier-ignore
    expect((await scannedRows(query({ picks })))(html)).toBe(why);
  });

  test.each<[css: string, why: string]>([
    ['div:has(> b)', '"div:has(> b)" has :has'],
    ['h1 + p', '"h1 + p" has a sibling combinator'],
    ['p ~ b', '"p ~ b" has a sibling combinator'],
    ['li:nth-child(2)', '"li:nth-child(2)" has :nth-child'],
    ['p:contains(x)', '"p:contains(x)" has :contains'],
    ['b:not(:scope > b)', '"b:not(:scope > b)" has :scope'],
    ['é', '"é" has an element name beyond ASCII'],
    [`${'a '.repeat(40)}b`, `"${'a '.repeat(40)}b" has a selector of more than 32 steps`],
  ])('selector %s', (css, why) => {
    expect(treeReason(query({ picks: [text(css)] }), [])).toBe(why);
  });

  test('too many selectors', () => {
    const picks = Array.from({ length: 300 }, (_, i) => text(`.c${String(i)} b`));
    expect(treeReason(query({ picks }), [])).toBe('more than 256 steps in all selectors');
    expect(treeReason(query({ picks: picks.slice(0, 100) }), [])).toBeUndefined();
  });
});

describe('stopping early', () => {
  /** Whoever reads on to the end leaves the document to the tree. */
  const trap = '<math><annotation-xml>x</math>';
  const rows = async (html: string, part: Partial<MarkupQuery> = {}) =>
    (await scannedRows(query({ picks: [text('h1')], ...part })))(html);

  test('once the first matches are read', async () => {
    expect(await rows(`<h1>t</h1>${trap}`)).toEqual([['t']]);
  });
  test.each<[why: string, html: string, part?: Partial<MarkupQuery>]>([
    ['every match is wanted', `<h1>t</h1>${trap}`, { picks: [text('h1', true)] }],
    ['something is still to be found', `<h1>t</h1>${trap}`, { picks: [text('h1'), text('h2')] }],
    ['links are wanted', `<h1>t</h1>${trap}`, { links: 'a' }],
    ['a base may follow', `<h1>t</h1>${trap}<base href=x>`, { base: true }],
    ['a formatting element is open', `<i><h1>t</h1>${trap}`],
    ['a table is open', `<table><tr><td><h1>t</h1>${trap}`],
    ['a frameset may take the body away', `<h1>t</h1>${trap}<frameset>`],
    ['the body may get a class', `<h1>t</h1>${trap}<body class=a>`, { picks: [text('.a h1, h1')] }],
  ])('not while %s', async (_why, html, part) => {
    expect(typeof (await rows(html, part))).toBe('string');
  });
});
