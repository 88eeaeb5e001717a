/** What the scanner writes, character by character, against what is made of the tree's answer. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FieldSpec } from '#core/task.ts';
import { treeReason } from '#extract/markup-engine.ts';
import { markupQuery } from '#extract/reader.ts';
import { compileField } from '#extract/field.ts';
import type { MarkupQuery, Pick } from '#extract/markup.ts';
import { bothOf } from '#support/markup/scanned.ts';

const attribute: Pick = { css: 'p', reading: { as: 'attribute', name: 'title' }, all: true };
const text: Pick = { css: 'p', reading: { as: 'text' }, all: true };
const query = (...picks: Pick[]): MarkupQuery => ({ each: undefined, picks, links: undefined, next: undefined, base: true }); // prettier-ignore

/** Whether both say the same, and what. */
async function same(asked: MarkupQuery, options: FieldSpec[]): Promise<(html: string | Buffer) => string[]> {
  const { scan, tree } = await bothOf(asked, (_, at) => options[at] ?? {});
  return (html) => {
    const document = { body: Buffer.from(html), encoding: 'utf-8' };
    const said = scan?.(document);
    expect(said).toEqual(tree(document));
    return typeof said === 'object' && said.ok ? said.records : [];
  };
}

/** Pieces that are more than the characters they are written with. */
const piece = fc.oneof(
  fc.constantFrom('&amp;', '&lt;', '&gt;', '&quot;', '&nbsp;', '&#39;', '&#x27;', '&#X41;', '&#128;', '&#xD800;', '&#0;', '&#9;', '&#13;', '&#x110000;', '&#65', '&#', '&#x', '&#x;', '&copy', '&copy;', '&copy=', '&notit;', '&hellip;', '&NotEqualTilde;', '&ngE;', '&unknown;', '&', '& ', '&&', '&=', '&é', '&amp', '&AMP;', '&#1234567890123;', `&#${'0'.repeat(40)}65;`, `&${'a'.repeat(80)};`), // prettier-ignore
  fc.constantFrom('\r', '\n', '\r\n', '\r\r\n', '\t', '\f', '\v', ' ', '  ', '\u00a0', '\u2028'),
  fc.constantFrom('\\', '/', '\u0001', '\u001f', '\u007f', '\u0080', 'é', '中', '😀', '\ufeff', '\ufffd', "'"),
  fc.stringMatching(/^[a-z0-9 ]{1,20}$/),
);
const said = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

test('texts and values of attributes', async () => {
  const check = await same(query(text, attribute, { ...attribute, all: false }), []);
  fc.assert(
    fc.property(said, said, said, (before, after, value) => {
      check(`<p title="${value}">${before}<i>${after}</i>${before}</p><p title='${value}'>${after}`);
    }),
    { numRuns: 2_000 },
  );
});

test('bytes that are no UTF-8', async () => {
  const check = await same(query(text, attribute), [{}, { as: 'url' }]);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const odd = Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x22 || byte === 0x3c ? 0xe2 : byte)));
      check(Buffer.concat([Buffer.from('<p title="'), odd, Buffer.from('">'), odd]));
    }),
    { numRuns: 500 },
  );
});

const host = fc.constantFrom('site.example', 'a-b.c.example', 'localhost', 'x', '127.0.0.1', '1.2', 'xn--bcher-kva.example', 'ab--c.example', 'UPPER.example', 'a_b.example', 'a.b1', 'a.1b', '-a.example', 'a..b', 'site.example:8080', 'user@site.example', 'bücher.example'); // prettier-ignore
const part = fc.constantFrom('a', 'b.html', '..', '.', '', 'x:y', 'ä', '%41', '%', 'a b', '~u', "o'clock", '(1)', 'a;b', 'a,b', '@', 'a|b', '[1]', '{x}', 'a\\b', '%2e%2e', '...', '.x'); // prettier-ignore
const tail = fc.constantFrom('', '?', '#', '?a=1&b=2', '?a=1&amp;b=2', '#top', '?q#f', '#a?b', '?a:b', '#:', "?'", '?a=%zz', '#é', '?x/y', '#"', '?\\', '#\\'); // prettier-ignore
const pathOf = fc.array(part, { maxLength: 4 }).map((parts) => parts.join('/'));
const reference = fc.oneof(
  fc.tuple(fc.constantFrom('', '/', './', '../', '../../', '//', '?', '#', './../', '.././', 'mailto:', 'javascript:', 'data:,', 'tel:', 'ws:', 'wss:', 'ftp:', 'file:', 'http:', 'a:/', 'a1:', 'A:'), pathOf, tail).map((all) => all.join('')), // prettier-ignore
  fc.tuple(fc.constantFrom('http://', 'https://', 'HTTP://', 'http:', 'http:/', 'ftp://'), host, fc.constantFrom('', '/'), pathOf, tail).map((all) => all.join('')), // prettier-ignore
  fc.tuple(fc.constantFrom(' ', '\n', '\t ', '&#32;'), pathOf, fc.constantFrom(' ', '\r\n', '')).map((all) => all.join('')), // prettier-ignore
);
const quoted = (value: string): string => value.replaceAll('"', '&quot;');

test('references of attributes, whatever the base', async () => {
  const check = await same(query(attribute, attribute), [{ as: 'url' }, { as: 'url', default: 'none' }]);
  fc.assert(
    fc.property(fc.array(reference, { minLength: 1, maxLength: 5 }), fc.option(reference), (references, base) => {
      const head = base === null ? '' : `<base href="${quoted(base)}">`;
      check(`${head}${references.map((one) => `<p title="${quoted(one)}">`).join('')}<p>`);
    }),
    { numRuns: 3_000 },
  );
});

test('texts and values that are longer than is taken at a time', async () => {
  const check = await same(query(text, attribute), [{}, { as: 'url' }]);
  for (const length of [15, 16, 17, 4_095, 4_096, 4_097, 70_000]) {
    for (const filling of ['x', ' ', '"', '\u0001', 'é', '\\', '&amp;', '&copy', 'a b ']) {
      const long = filling.repeat(Math.ceil(length / filling.length)).slice(0, length);
      check(`<p title='${long}'>${long}z${long}`);
      check(`<p title='/${long}?${long}'>${long}`);
    }
  }
});

test('a reference longer than any is left to the tree', async () => {
  const { scan } = await bothOf(query(text), () => ({}));
  expect(scan?.({ body: Buffer.from(`<p>&#${'1'.repeat(5_000)};`), encoding: 'utf-8' })).toBe('a very long reference');
});

test('defaults, constants and what is required', async () => {
  const none: Pick = { css: 'b', reading: { as: 'text' }, all: false };
  const all: Pick = { ...none, all: true };
  const html = '<p title=5>x</p>';
  const options: FieldSpec[] = [
    { default: 'd"é' },
    { default: [] },
    { default: null },
    {},
    { as: 'integer', default: 0 },
  ];
  const check = await same(query(none, all, none, all, attribute), options);
  expect(check(html)).toEqual(['{"f0":"d\\"é","f1":[],"f2":null,"f3":[],"f4":[5]}']);
  for (const spec of [{ required: true }, { required: true, default: null }]) {
    const { scan } = await bothOf(query(text, none), (_, at) => (at === 1 ? spec : {}));
    expect(scan?.({ body: Buffer.from(html), encoding: 'utf-8' })).toEqual({
      ok: false,
      detail: 'required field "f1" (css "b") is missing in record 0',
    });
  }
  const rows = await bothOf({ ...query({ ...none, css: '.' }, none), each: 'p' }, (_, at) => ({ required: at === 1 }));
  const lacking = rows.scan?.({ body: Buffer.from('<p><b>1</b></p><p>2'), encoding: 'utf-8' });
  expect(lacking).toMatchObject({ detail: 'required field "f1" (css "b") is missing in record 1' });
});

test('fields that the scanner has no room for', async () => {
  const field = await compileField('f', { css: 'p', default: 'x'.repeat(20_000) });
  const plan = { extract: { format: 'html', fields: {}, keepBody: 'none' } } as const;
  const { query: asked, made } = markupQuery(
    plan,
    [field],
    [{ from: 'css', css: 'p', attr: undefined, markup: false }],
  );
  expect(treeReason(asked, made)).toBe('names and defaults of fields of more than 32 KB');
});
