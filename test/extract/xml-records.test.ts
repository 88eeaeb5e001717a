/** XML read record by record, against the same document as a tree. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordsOf } from '#extract/compile.ts';
import { domEngine } from '#extract/dom-engine.ts';
import { compileField, sourceOf } from '#extract/field.ts';
import { xmlTreeReason } from '#extract/markup-engine.ts';
import { markupQuery } from '#extract/reader.ts';
import { ELEMENTS_MAX } from '#extract/tree.ts';
import { xmlRecords } from '#extract/xml-records.ts';
import type { FieldSpec } from '#core/task.ts';
import { extract, records } from './documents.ts';

const BASE = 'https://site.example/feed.xml';

interface Asked {
  each: string;
  fields: Record<string, FieldSpec>;
  links?: string;
  next?: string;
}

/** What both say of a document. */
async function both({ each, fields: given, links, next }: Asked) {
  const fields = await Promise.all(Object.entries(given).map(([name, spec]) => compileField(name, spec)));
  const sources = Object.values(given).map((spec) => sourceOf(spec, 'xml', 'xml'));
  const extractSpec = { format: 'xml', each, fields: given, keepBody: 'none' } as const;
  const plan = { extract: extractSpec, ...(links && { links }), ...(next && { next: { css: next } }) };
  const { query, made } = markupQuery(plan, fields, sources);
  expect(xmlTreeReason(query)).toBeUndefined();
  const [stream, tree] = [xmlRecords(query, made), domEngine('xml', query)];
  const texts = (all: Uint8Array[]): string[] => all.map((bytes) => Buffer.from(bytes).toString());
  return (xml: string | Buffer, encoding = 'utf-8') => {
    const document = { body: Buffer.from(xml), encoding };
    const streamed = stream(document, BASE);
    if (streamed instanceof Promise) throw new Error('later');
    const read = tree(document);
    const said =
      streamed.ok && 'written' in streamed.content
        ? { ...streamed, content: texts(streamed.content.written) }
        : streamed;
    if (!read.ok) return { said, wanted: read };
    const { rows, links: found, next: page } = read.answer;
    const content = { rows: rows.map((row) => made.map(({ pick }) => row[pick] ?? [])) };
    const all = recordsOf(fields, { ok: true, content, links: found, next: page, base: BASE });
    const wanted = Array.isArray(all)
      ? { ok: true, content: texts(all), links: found, next: page, base: BASE }
      : { ok: false, detail: all.detail };
    return { said, wanted };
  };
}

const name = fc.constantFrom('item', 'a', 'b', 'g:id', 'Item', 'link');
const attribute = fc.constantFrom(
  '',
  ' id="1"',
  ' class="x y"',
  ' href="/p?a=1&amp;b=2"',
  " id='2' href='q'",
  ' Id="1"',
);
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, attribute).map(([tag, given]) => `<${tag}${given}>`) },
  { weight: 3, arbitrary: name.map((tag) => `</${tag}>`) },
  fc.tuple(name, attribute).map(([tag, given]) => `<${tag}${given}/>`),
  fc.constantFrom('text', ' two  words\n', '&amp;', '&nosuch;', '&#228;', 'ä', '😀', '<', '&', ']]>', '\r\n'),
  fc.constantFrom('<![CDATA[ <b>c</b> & ]]>', '<!-- <item> -->', '<?pi x?>', '<!DOCTYPE x>', '<![CDATA[', '<!--', '<a', '</'),
); // prettier-ignore
const document = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
const compound = fc.constantFrom('item', 'a', 'b', '*', 'g\\:id', '[href]', '.x', '[id="1"]', 'a:not([id])', 'Item');
const selector = fc.oneof(
  compound,
  fc.tuple(compound, fc.constantFrom(' ', ' > ', ', '), compound).map((parts) => parts.join('')),
);
const field: fc.Arbitrary<FieldSpec> = fc.record(
  {
    css: fc.oneof(selector, fc.constantFrom('.', '> b', ':scope > a b')),
    attr: fc.constantFrom('href', 'id'),
    all: fc.boolean(),
    required: fc.boolean(),
    default: fc.constant('none'),
  },
  { requiredKeys: ['css'] },
);

test('records are those of the tree, whatever the document is', async () => {
  const asked = fc.record(
    {
      each: selector,
      fields: fc.record({ f: field, g: fc.record({ css: selector, as: fc.constantFrom('html', 'text', 'url') }) }),
      links: selector,
      next: selector,
    },
    { requiredKeys: ['each', 'fields'] },
  );
  await fc.assert(
    fc.asyncProperty(asked, fc.array(document, { minLength: 1, maxLength: 5 }), async (wish, documents) => {
      const check = await both(wish);
      for (const xml of documents) {
        const { said, wanted } = check(xml);
        expect(said).toEqual(wanted);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('it does not matter where the pieces end in which a document is read', async () => {
  const check = await both({ each: 'item', fields: { a: { css: 'a', all: true }, all: { css: '.', as: 'html' } } });
  const item = '<item id="ä"><a>één &amp; 😀</a><![CDATA[x<y]]><!-- c --></item>';
  for (let at = 0; at <= Buffer.byteLength(item); at++) {
    for (const encoding of ['utf-8', 'utf-16le', 'gbk']) {
      const isWide = encoding === 'utf-16le';
      const filling = '.'.repeat((isWide ? 2 ** 17 : 2 ** 18) - 10 - at);
      const xml = `<r><!--${filling}-->${item}${item}</r>`;
      const { said, wanted } = check(Buffer.from(xml, isWide ? 'utf16le' : 'utf8'), encoding);
      expect(said).toEqual(wanted);
      expect(said).toHaveProperty('content.length', 2);
    }
  }
});

test('more elements than a tree may have, and a record that has too many', async () => {
  const item = '<item><a>1</a><b>2</b><a>3</a><b>4</b></item>';
  const feed = `<r>${item.repeat(ELEMENTS_MAX / 4)}</r>`;
  const fields = { a: { css: 'a', all: true } };
  const read = await records({ format: 'xml', each: 'item', fields }, feed);
  expect(read).toEqual(Array.from({ length: ELEMENTS_MAX / 4 }, () => ({ a: ['1', '3'] })));
  const refused = (detail: string) => ({ ok: false, reason: 'extract', detail });
  await expect(extract({ format: 'xml', each: 'r', fields }, feed)).resolves.toEqual(
    refused(`a record has more than ${String(ELEMENTS_MAX)} elements`),
  );
  await expect(extract({ format: 'xml', each: 'item', fields: { a: 'a + b' } }, feed)).resolves.toEqual(
    refused(`the document has more than ${String(ELEMENTS_MAX)} elements`),
  );
});
