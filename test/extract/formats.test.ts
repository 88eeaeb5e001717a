import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '#core/json.ts';
import type { ExtractFormat, ExtractSpec, FieldSpec } from '#core/task.ts';
import { jsonOf } from '#core/json.ts';
import { compileExtractor } from '#extract/compile.ts';
import { JSON_DEPTH_MAX } from '../../src/extract/scan/numbers.ts';
import { extract, FINAL_URL, records, spec } from './documents.ts';

const refused = (detail: string) => ({ ok: false, reason: 'extract', detail });

describe('json', () => {
  const doc = JSON.stringify({
    id: 7, name: ' a  b ', none: null, flag: true, price: '12.50', at: '2024-05-01T10:00:00+02:00', link: '/x',
    list: [1, 'two', null, { three: 3 }], deep: { a: [{ b: 1 }, { b: 2 }] }, 'odd key': 1,
  }); // prettier-ignore
  test.each<[field: string | FieldSpec, value: Json]>([
    ['$.id', 7],
    ['$.name', ' a  b '],
    [{ json: '$.name', as: 'text' }, 'a b'],
    ['$.none', null],
    [{ json: '$.none', default: 'x' }, 'x'],
    [{ json: '$.nothing', default: 'x' }, 'x'],
    ['$.deep', { a: [{ b: 1 }, { b: 2 }] }],
    [{ json: '$.deep', as: 'text' }, null],
    [{ json: '$.deep.a[*].b', all: true }, [1, 2]],
    [{ json: '$..b', all: true }, [1, 2]],
    [{ json: '$.deep.a[-1].b' }, 2],
    [{ json: '$.list', all: true }, [[1, 'two', null, { three: 3 }]]],
    [{ json: '$.list[*]', all: true }, [1, 'two', null, { three: 3 }]],
    [{ json: '$.list[*]', all: true, as: 'text' }, ['1', 'two', null, null]],
    [{ json: '$.list[?@ == "two"]' }, 'two'],
    [{ json: '$.nothing', all: true }, []],
    ["$['odd key']", 1],
    [{ json: '$.price', as: 'number' }, 12.5],
    [{ json: '$.id', as: 'integer' }, 7],
    [{ json: '$.id', match: '(\\d)' }, '7'],
    [{ json: '$.deep', match: '(\\d)' }, null],
    [{ json: '$.flag', as: 'boolean' }, true],
    [{ json: '$.at', as: 'date' }, '2024-05-01T08:00:00Z'],
    [{ json: '$.link', as: 'url' }, 'https://site.example/x'],
    ['$', JSON.parse(doc) as Json],
    ['$.__proto__', null],
    ['$.id.toString', null],
    ['$.list.length', null],
  ])('%j', async (field, value) => {
    await expect(records({ format: 'json', fields: { f: field } }, doc)).resolves.toEqual([{ f: value }]);
  });

  test('each is a path, and the $ of a field is the item', async () => {
    const plan = { format: 'json' as const, each: '$.deep.a[*]', fields: { b: '$.b', all: '$' } };
    await expect(records(plan, doc)).resolves.toEqual([
      { b: 1, all: { b: 1 } },
      { b: 2, all: { b: 2 } },
    ]);
    await expect(records({ ...plan, each: '$.nothing[*]' }, doc)).resolves.toEqual([]);
  });

  test('without fields the item itself is the record', async () => {
    await expect(records({ format: 'json', each: '$.deep.a[*]' }, doc)).resolves.toEqual([{ b: 1 }, { b: 2 }]);
    await expect(records({ format: 'json' }, '{"a":1}')).resolves.toEqual([{ a: 1 }]);
    const detail = 'without fields a record has to be a JSON object; item 1 is ';
    await expect(records({ format: 'json', each: '$[*]' }, '[{},[]]')).resolves.toEqual(refused(`${detail}a list`));
    await expect(records({ format: 'json', each: '$[*]' }, '[{},null]')).resolves.toEqual(refused(`${detail}null`));
    await expect(records({ format: 'json', each: '$[*]' }, '[{},1]')).resolves.toEqual(refused(`${detail}a number`));
  });

  test.each<[text: string, found: string, line: number, column: number, offset: number]>([
    ['', 'end of input', 1, 1, 0],
    ['nul', '"n"', 1, 1, 0],
    ['[1,]', '"]"', 1, 4, 3],
    ['[1 2]', '"2"', 1, 4, 3],
    ['{"a":', 'end of input', 1, 6, 5],
    ['{"a" 1}', '"1"', 1, 6, 5],
    ['{a:1}', '"a"', 1, 2, 1],
    ['{"a":1,}', '"}"', 1, 8, 7],
    ['{"a":1]', '"]"', 1, 7, 6],
    ['[1]]', '"]"', 1, 4, 3],
    ['[\n  1,\n  oops\n]', '"o"', 3, 3, 9],
    ['["a\nb"]', '"\\""', 1, 2, 1],
    ['[01]', '"1"', 1, 3, 2],
    ['<html>', '"<"', 1, 1, 0],
    ['[1] 😀', '"😀"', 1, 5, 4],
  ])('malformed: %j', async (text, found, line, column, offset) => {
    const detail = `malformed JSON: unexpected ${found} at line ${String(line)} column ${String(column)} (offset ${String(offset)})`;
    await expect(records({ format: 'json' }, text)).resolves.toEqual(refused(detail));
  });

  test('nesting has a bound, brackets in strings do not count', async () => {
    const nested = (depth: number) =>
      `{"a":"${'['.repeat(2000)}\\"[","b":${'['.repeat(depth - 1)}1${']'.repeat(depth - 1)}}`;
    const plan = { format: 'json' as const, fields: { n: { json: '$..*', all: true } } };
    expect(await extract(plan, nested(JSON_DEPTH_MAX))).toMatchObject({ ok: true });
    expect(await extract(plan, nested(JSON_DEPTH_MAX + 1))).toEqual(
      refused(`JSON is nested deeper than ${String(JSON_DEPTH_MAX)}`),
    );
    expect(await extract(plan, '['.repeat(3_000_000))).toMatchObject({ ok: false, reason: 'extract' });
  });

  test('every JSON value comes back as it was', async () => {
    const extractor = await compileExtractor({ extract: spec({ format: 'json', fields: { f: '$' } }) });
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), async (text) => {
        const result = await extractor.extract({
          url: FINAL_URL,
          finalUrl: FINAL_URL,
          headers: {},
          body: new TextEncoder().encode(text),
        });
        expect(result.ok && result.records.map((bytes) => Buffer.from(bytes).toString())).toEqual([
          `{"f":${JSON.stringify(JSON.parse(text))}}`,
        ]);
      }),
    );
  });
});

describe('xml', () => {
  const feed = `<?xml version="1.0"?><rss xmlns:dc="urn:dc"><channel>
    <item id="1"><title>a &amp; b</title><dc:creator>x</dc:creator><pubDate>Tue, 15 Nov 1994 08:12:31 GMT</pubDate><link>/1</link></item>
    <item ID="2"><title><![CDATA[<b> &amp;]]> c</title><dc:creator/><Link href="/2"/></item></channel></rss>`;
  test('elements, CDATA, prefixes and case', async () => {
    const fields: Record<string, string | FieldSpec> = {
      id: { css: ':scope', attr: 'id' },
      title: 'title',
      creator: 'dc\\:creator',
      date: { css: 'pubDate', as: 'date' },
      link: { css: 'link', as: 'url' },
      upper: { css: 'Link', attr: 'href', as: 'url' },
      markup: { css: 'dc\\:creator', as: 'html' },
    };
    await expect(records({ format: 'xml', each: 'item', fields }, feed)).resolves.toEqual([
      {
        id: '1',
        title: 'a & b',
        creator: 'x',
        date: '1994-11-15T08:12:31Z',
        link: 'https://site.example/1',
        upper: null,
        markup: '<dc:creator>x</dc:creator>',
      },
      {
        id: null,
        title: '<b> &amp; c',
        creator: '',
        date: null,
        link: null,
        upper: 'https://site.example/2',
        markup: '<dc:creator/>',
      },
    ]);
  });

  test('a name of HTML has no rules of its own', async () => {
    const xml = '<root><br>in</br><script><p>x</p></script><template><p>y</p></template></root>';
    await expect(records({ format: 'xml', fields: { br: 'br', p: { css: 'p', all: true } } }, xml)).resolves.toEqual([
      { br: 'in', p: ['x', 'y'] },
    ]);
  });

  test.each(['', 'no markup', '<!-- only -->'])('no element: %j', async (xml) => {
    await expect(records({ format: 'xml', fields: { f: 'a' } }, xml)).resolves.toEqual(
      refused('malformed XML: the document has no element'),
    );
  });
});

describe('csv', () => {
  test.each<[name: string, csv: string, rows: unknown]>([
    [
      'commas',
      'a,b\n1,2\n3,4\n',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['semicolons', 'a;b\r\n1,5;2\r\n', [{ a: '1,5', b: '2' }]],
    ['tabs', 'a\tb\n1\t2', [{ a: '1', b: '2' }]],
    ['bars', 'a|b\n1|2', [{ a: '1', b: '2' }]],
    ['quotes', '"a, x";b\n"say ""hi""\nthere";" 2 "', [{ 'a, x': 'say "hi"\nthere', b: ' 2 ' }]],
    ['one column', 'text\n"a,b;c"\nx', [{ text: 'a,b;c' }, { text: 'x' }]],
    ['a byte order mark', '\ufeffa,b\n1,2', [{ a: '1', b: '2' }]],
    ['empty lines', '\n\na,b\n\n1,2\n\n', [{ a: '1', b: '2' }]],
    ['short and long rows', 'a,b\n1\n1,2,3', [{ a: '1' }, { a: '1', b: '2', column_3: '3' }]],
    ['empty and repeated names', 'a,,a\n1,2,3', [{ a: '1', column_2: '2', a_2: '3' }]],
    ['a stray quote', 'a,b\n5" nail,2', [{ a: '5" nail', b: '2' }]],
    ['header alone', 'a,b', []],
    ['nothing', '', []],
  ])('%s', async (_name, csv, rows) => {
    await expect(records({ format: 'csv' }, csv)).resolves.toEqual(rows);
  });

  test('fields', async () => {
    const fields: Record<string, string | FieldSpec> = {
      name: 'Full name',
      dollar: '$cost',
      n: { column: '$cost', as: 'number' },
      unit: { column: 'Full name', match: '^(\\w)' },
      missing: { column: 'nope', default: '-' },
      link: { column: 'link', as: 'url' },
      kind: { const: 'row' },
    };
    const csv = 'Full name,$cost,link\n A  b ,1.5,/x\nC,,';
    await expect(records({ format: 'csv', fields }, csv)).resolves.toEqual([
      { name: ' A  b ', dollar: '1.5', n: 1.5, unit: null, missing: '-', link: 'https://site.example/x', kind: 'row' },
      { name: 'C', dollar: '', n: null, unit: 'C', missing: '-', link: null, kind: 'row' },
    ]);
  });

  test('a quote that never closes', async () => {
    expect(await extract({ format: 'csv' }, 'a,b\n"1,2')).toMatchObject({ ok: false, reason: 'extract' });
  });
});

describe('format auto', () => {
  const bodies: Record<string, string> = { html: '<p>x', xml: '<p>x</p>', json: '{"p":"x"}', csv: 'p\nx' };
  const fields = { css: 'p', json: '$.p' };
  test.each<[type: string | undefined, body: string, record: unknown]>([
    ['text/html', 'html', { css: 'x', json: null }],
    ['TEXT/HTML;charset=utf-8', 'html', { css: 'x', json: null }],
    ['application/xhtml+xml', 'html', { css: 'x', json: null }],
    ['application/json; x="a,b"', 'json', { css: null, json: 'x' }],
    ['application/ld+json', 'json', { css: null, json: 'x' }],
    ['application/xml', 'xml', { css: 'x', json: null }],
    ['text/xml, text/xml', 'xml', { css: 'x', json: null }],
    ['application/atom+xml', 'xml', { css: 'x', json: null }],
    ['text/csv; header=present', 'csv', { css: 'x', json: null }],
    [undefined, 'html', { css: 'x', json: null }],
    [undefined, 'json', { css: null, json: 'x' }],
  ])('%s with %s', async (type, body, record) => {
    await expect(records({ fields }, bodies[body] ?? '', type === undefined ? {} : { type })).resolves.toEqual([
      record,
    ]);
  });

  test.each<[type: string | undefined, body: string, detail: RegExp]>([
    ['image/png', '', /^no extractor for image\/png; /],
    ['text/plain', '{}', /^no extractor for text\/plain; /],
    [undefined, 'a,b', /^no extractor for a body without media type/],
    ['nonsense', '', /^no extractor for a body without media type/],
  ])('unknown: %s', async (type, body, detail) => {
    const result = await extract({ fields }, body, type === undefined ? {} : { type });
    expect(result).toEqual({ ok: false, reason: 'extract', detail: expect.stringMatching(detail) as string });
  });

  test.each<[part: Partial<ExtractSpec>, type: string, detail: string]>([
    [{ fields: { a: '$.a' } }, 'text/html', 'a document of html arrived, and no field of the task applies to it'],
    [
      { fields: { a: 'p', k: { const: 1 } } },
      'application/json',
      'a document of json arrived, and no field of the task applies to it',
    ],
    [
      { each: '$.x[*]', fields: { a: 'p' } },
      'text/html',
      'a document of html arrived, and each ("$.x[*]") does not apply to it',
    ],
    [{ each: 'li' }, 'application/json', 'a document of json arrived, and each ("li") does not apply to it'],
    [{ each: 'li' }, 'text/csv', 'a document of csv arrived, and each ("li") does not apply to it'],
    [{}, 'text/html', 'a document of html arrived, and the task names no fields'],
  ])('a document the task is not made for: %j, %s', async (part, type, detail) => {
    expect(await extract(part, '{}', { type })).toEqual(refused(detail));
  });

  test('the xml declaration alone makes no xml of a page', async () => {
    const page = '<?xml version="1.0"?>\n<!DOCTYPE html><html><p>x<p>y</html>';
    await expect(records({ fields: { p: { css: 'p', all: true } } }, page)).resolves.toEqual([{ p: ['x', 'y'] }]);
    await expect(
      records({ fields: { p: { css: 'P', all: true } } }, '<?xml version="1.0"?><a><P>x</P><p>y</p></a>'),
    ).resolves.toEqual([{ p: ['x'] }]);
  });

  test('a set format is stronger than the media type', async () => {
    await expect(records({ format: 'json', fields: { a: '$.a' } }, '{"a":1}', { type: 'text/plain' })).resolves.toEqual(
      [{ a: 1 }],
    );
  });
});

describe('format none', () => {
  test.each<[type: string | undefined]>([['image/png'], ['text/html; charset=x'], [undefined]])('%s', async (type) => {
    const body = Uint8Array.of(0, 255, 1);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const result = await extract({ format: 'none' }, body, type === undefined ? {} : { type });
    expect(result).toEqual({ ok: true, records: [{ bytes: 3, sha256, contentType: type ?? null }], links: [] });
  });

  test('links and the next page are still found', async () => {
    const page = '<a href=/1>1</a><a rel=next href=2>2</a>';
    const plan = { format: 'none' as const, links: 'a[href]', next: { css: 'a[rel=next]' } };
    expect(await extract(plan, page, { type: 'text/html' })).toMatchObject({
      records: [{ bytes: page.length }],
      links: ['https://site.example/1', 'https://site.example/dir/2'],
      next: 'https://site.example/dir/2',
    });
    expect(await extract(plan, page, { type: 'image/png' })).toMatchObject({ ok: true, links: [] });
    expect(
      await extract({ format: 'none', next: { json: '$.next' } }, '{"next":"/n"}', { type: 'application/json' }),
    ).toMatchObject({ next: 'https://site.example/n' });
  });
});

test('no bytes make an extractor throw', async () => {
  const formats: ExtractFormat[] = ['auto', 'html', 'json', 'xml', 'csv', 'none'];
  const field: Record<ExtractFormat, Record<string, string | FieldSpec>> = {
    auto: { f: 'p', g: '$..a' }, html: { f: { css: '* > *', as: 'html', all: true } }, json: { f: { json: '$..*', all: true } },
    xml: { f: { css: '*', as: 'html' } }, csv: {}, none: {},
  }; // prettier-ignore
  const extractors = await Promise.all(
    formats.map((format) =>
      compileExtractor({ extract: spec({ format, fields: field[format] }), links: 'a', next: { header: 'link' } }),
    ),
  );
  const pieces = fc.constantFrom(
    '<',
    '>',
    '<!--',
    '<![CDATA[',
    ']]>',
    '<svg>',
    '<table>',
    '</p>',
    '&#',
    '"',
    '{',
    '[',
    '\0',
    '<?xml',
    '<a href=',
  );
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 30 })
      .map((parts) => new TextEncoder().encode(parts.join(''))),
  );
  const labels = fc.constantFrom(
    'utf-8',
    'gb18030',
    'big5',
    'shift_jis',
    'euc-kr',
    'iso-2022-jp',
    'utf-16',
    'x-user-defined',
    'replacement',
    'zz',
  );
  const types = fc.option(
    fc.tuple(fc.constantFrom('text/html', 'text/xml', 'application/json', 'text/csv', 'x'), labels),
  );
  await fc.assert(
    fc.asyncProperty(bodies, types, fc.string(), async (body, type, link) => {
      const headers = { link, ...(type === null ? {} : { 'content-type': `${type[0]};charset=${type[1]}` }) };
      for (const extractor of extractors) {
        const result = await extractor.extract({ url: FINAL_URL, finalUrl: FINAL_URL, headers, body });
        for (const record of result.ok ? result.records : []) expect(jsonOf(record)).toBeTypeOf('object');
      }
    }),
    { numRuns: 300 },
  );
});

test('an answer is there at once, once what a kind of document needs is loaded', async () => {
  const extractor = await compileExtractor({ extract: spec({ format: 'auto', fields: { f: { css: 'p:has(b)' } } }) });
  const page = { url: FINAL_URL, finalUrl: FINAL_URL, headers: {}, body: new TextEncoder().encode('<p><b>x</b></p>') };
  const first = extractor.extract(page);
  expect(first).toBeInstanceOf(Promise);
  expect(extractor.extract(page)).toBeInstanceOf(Promise);
  expect(await first).toMatchObject({ ok: true, records: [new TextEncoder().encode('{"f":"x"}')] });
  expect(extractor.extract(page)).toMatchObject({ ok: true, records: [new TextEncoder().encode('{"f":"x"}')] });
});
