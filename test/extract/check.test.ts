import { describe, expect, test } from 'vitest';
import type { ExtractSpec, FieldSpec, NextRule } from '#core/task.ts';
import { checkExtract } from '#extract/check.ts';
import { compileExtractor } from '#extract/compile.ts';
import { spec } from './documents.ts';

const field = (format: ExtractSpec['format'], f: string | FieldSpec) => checkExtract(spec({ format, fields: { f } }));

describe('faults of a field', () => {
  test.each<[format: ExtractSpec['format'], f: string | FieldSpec, path: string, message: string]>([
    ['html', 'h1[', 'extract.fields.f', 'expected a CSS selector, got "h1["'],
    ['html', '', 'extract.fields.f', 'expected a CSS selector, got "": it is empty'],
    ['html', { css: 'h1 >' }, 'extract.fields.f.css', 'it ends without an element'],
    ['html', { css: 'h1,' }, 'extract.fields.f.css', 'Empty sub-selector'],
    ['html', { css: '..x' }, 'extract.fields.f.css', '".." is not the start of a class or id name'],
    ['html', { css: '.1a' }, 'extract.fields.f.css', '".1" is not the start of a class or id name'],
    ['html', { css: '1a' }, 'extract.fields.f.css', '"1a" is not an element name'],
    ['html', { css: '@x' }, 'extract.fields.f.css', 'unexpected "@"'],
    ['html', { css: 'a < b' }, 'extract.fields.f.css', 'unexpected "<"'],
    ['html', { css: '//h1' }, 'extract.fields.f.css', 'expected a CSS selector, got "//h1"'],
    ['html', { css: 'h1::text' }, 'extract.fields.f.css', '::text is a pseudo-element; select the element'],
    ['html', { css: 'a:first' }, 'extract.fields.f.css', 'Unknown pseudo-class :first'],
    ['html', { css: ':nth-child' }, 'extract.fields.f.css', 'a pseudo-class lacks its argument'],
    ['html', { css: ':nth-child(x)' }, 'extract.fields.f.css', "n-th rule couldn't be parsed"],
    ['xml', { css: 'dc|creator' }, 'extract.fields.f.css', 'write a prefixed name as ns\\:tag'],
    ['html', '$.a', 'extract.fields.f', 'expected css (a CSS selector) with format html, got json "$.a"'],
    [
      'html',
      { column: 'a' },
      'extract.fields.f.column',
      'expected css (a CSS selector) with format html, got column "a"',
    ],
    ['json', 'h1', 'extract.fields.f', 'expected json (a JSONPath that starts with $) with format json, got css "h1"'],
    ['json', { css: 'h1' }, 'extract.fields.f.css', 'with format json, got css "h1"'],
    [
      'csv',
      { json: '$.a' },
      'extract.fields.f.json',
      'expected column (a column name) with format csv, got json "$.a"',
    ],
    ['csv', '', 'extract.fields.f', 'expected a column name, got ""'],
    ['json', '$.a[', 'extract.fields.f', 'expected a JSONPath (RFC 9535), got "$.a[": it ends too early'],
    ['json', { json: 'a' }, 'extract.fields.f.json', 'got "a": a path starts with $'],
    ['json', '$.a[?b==', 'extract.fields.f', 'unexpected "=" at character 7'],
    ['json', '$[?foo(@.a)]', 'extract.fields.f', 'there is no function foo()'],
    ['json', '$[?length(@.a)]', 'extract.fields.f', 'length() has to be compared with something'],
    ['json', '$[?length(@.*) < 3]', 'extract.fields.f', 'argument 1 of length() has to be a literal'],
    ['json', '$[?count(1) > 2]', 'extract.fields.f', 'argument 1 of count() has to be a query'],
    ['json', "$[?match(@.a, 'x') == true]", 'extract.fields.f', 'match() cannot be compared'],
    ['json', '$[?search(@.a)]', 'extract.fields.f', 'search() takes 2 argument(s), not 1'],
    ['json', '$[9007199254740992]', 'extract.fields.f', 'is outside ±(2^53−1)'],
    ['html', {}, 'extract.fields.f', 'expected exactly one of css, json, column, const, got none of them'],
    [
      'auto',
      { css: 'a', json: '$.a' },
      'extract.fields.f',
      'expected exactly one of css, json, column, const, got css and json',
    ],
    ['json', { json: '$.a', attr: 'x' }, 'extract.fields.f.attr', 'expected no attr with json'],
    ['html', { css: 'a', attr: ' ' }, 'extract.fields.f.attr', 'expected the name of an attribute, got " "'],
    ['json', { json: '$.a', as: 'html' }, 'extract.fields.f.as', 'expected another type than html with json'],
    ['csv', { column: 'a', as: 'html' }, 'extract.fields.f.as', 'expected another type than html with column'],
    ['html', { css: 'a', attr: 'b', as: 'html' }, 'extract.fields.f.as', 'expected another type than html with attr'],
    ['csv', { column: 'a', all: true }, 'extract.fields.f.all', 'expected no all with column'],
    ['html', { const: 1, all: true }, 'extract.fields.f.all', 'expected no all with const'],
    ['html', { const: 1, as: 'text' }, 'extract.fields.f.as', 'expected no as with const'],
    ['html', { const: 1, match: 'x' }, 'extract.fields.f.match', 'expected no match with const'],
    [
      'html',
      { css: 'a', match: '(' },
      'extract.fields.f.match',
      'expected a regular expression (RE2: no look-around, no back-references), got "("',
    ],
    ['html', { css: 'a', match: '(?=a)' }, 'extract.fields.f.match', 'got "(?=a)"'],
    ['html', { css: 'a', match: '(a)\\1' }, 'extract.fields.f.match', 'expected a regular expression'],
  ])('%s %j', (format, f, path, message) => {
    const faults = field(format, f);
    expect(faults).toEqual([{ path, message: expect.stringContaining(message) as string }]);
  });
});

describe('faults of the rest', () => {
  test.each<[part: Partial<ExtractSpec>, path: string, message: string]>([
    [{ format: 'html', each: 'li[', fields: { a: 'b' } }, 'extract.each', 'expected a CSS selector, got "li["'],
    [{ format: 'json', each: 'li' }, 'extract.each', 'expected a JSONPath (RFC 9535), got "li": a path starts with $'],
    [{ format: 'html', each: '$.a', fields: { a: 'b' } }, 'extract.each', 'expected a CSS selector, got "$.a": '],
    [{ format: 'auto', each: '$.a[' }, 'extract.each', 'expected a JSONPath'],
    [
      { format: 'csv', each: 'li' },
      'extract.each',
      'expected no each with format csv (every row is a record), got "li"',
    ],
    [{ format: 'none', each: 'li' }, 'extract.each', 'expected no each with format none, got "li"'],
    [{ format: 'html' }, 'extract.fields', 'expected at least one field with format html, got none'],
    [{ format: 'xml' }, 'extract.fields', 'expected at least one field with format xml, got none'],
    [{ format: 'none', fields: { a: 'b' } }, 'extract.fields', 'expected no fields with format none, got ["a"]'],
    [{ fields: { a: 'b' }, key: ['a', 'c'] }, 'extract.key.1', 'expected the name of a field (a), got "c"'],
    [{ format: 'none', key: ['a'] }, 'extract.key.0', 'expected no key with format none, got "a"'],
  ])('%j', (part, path, message) => {
    expect(checkExtract(spec(part))).toEqual([{ path, message: expect.stringContaining(message) as string }]);
  });

  test.each<[links: string | undefined, next: NextRule | undefined, path: string]>([
    ['a[', undefined, 'source.crawl.links'],
    [undefined, { css: 'a[' }, 'source.follow.next.css'],
    [undefined, { json: 'next' }, 'source.follow.next.json'],
  ])('links %j, next %j', (links, next, path) => {
    expect(checkExtract(spec(), links, next).map((fault) => fault.path)).toEqual([path]);
  });

  test('all of them at once, in the order of the document', () => {
    const fields = { a: 'x[', b: { css: 'y', match: '(' }, c: 'z' };
    const faults = checkExtract(spec({ format: 'html', each: '[', fields, key: ['d'] }), '{', { json: '' });
    expect(faults.map((fault) => fault.path)).toEqual([
      'extract.each', 'extract.fields.a', 'extract.fields.b.match', 'extract.key.0', 'source.crawl.links', 'source.follow.next.json',
    ]); // prettier-ignore
  });

  test('a long value is shown in part', () => {
    expect(field('html', `${'x'.repeat(200)}[`)[0]?.message).toMatch(/got "x{78}…:/);
  });
});

describe('what is usable passes and compiles', () => {
  test.each<[part: Partial<ExtractSpec>]>([
    [{}],
    [{ format: 'none' }],
    [{ format: 'json', each: '$.items[?@.price < 10 && match(@.name, "a.*")]', key: ['id'] }],
    [{ format: 'csv', key: ['id'], fields: { id: '$weird (name)', b: { column: '123' } } }],
    [{ format: 'xml', each: 'item', fields: { a: 'dc\\:creator', b: '.' } }],
    [
      {
        fields: { css: 'h1', json: '$..a', column: { column: 'x' }, kind: { const: null, required: true, default: 1 } },
      },
    ],
    [
      {
        format: 'html',
        each: 'ul.a-b > li:not(.x):nth-child(2n + 1 of .y), tr:has(> td)',
        fields: {
          a: '> a[href^="http://x/{y}"]:not([rel~="nofollow" i])',
          b: 'p:contains("1 > 2 @ 3"), #id\\:1 .\\31 a',
          c: { css: ':is(h1, h2) + p ~ div *', attr: 'data-x', as: 'date', match: '\\d+', all: true, default: [] },
          d: '.价格:lang(zh)',
          e: ':scope > .--x, ._y, .-z',
          f: 'h1:first-of-type:empty',
        },
      },
    ],
  ])('%j', async (part) => {
    expect(checkExtract(spec(part), 'a[href]', { css: 'a.next' })).toEqual([]);
    await expect(
      compileExtractor({ extract: spec(part), links: 'a[href]', next: { css: 'a.next' } }),
    ).resolves.toBeDefined();
  });
});
