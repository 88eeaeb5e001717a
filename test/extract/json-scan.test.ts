/** JSON scanned against JSON parsed: the same records, or the parser's. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldSpec } from '#core/task.ts';
import { recordsOf } from '#extract/compile.ts';
import { requestUrl } from '#extract/convert.ts';
import { compileField, sourceOf } from '#extract/field.ts';
import { jsonQuery, parsedReader } from '#extract/json-reader.ts';
import { jsonScan } from '../../src/extract/scan/json.ts';

const FINAL_URL = 'https://api.example/v1/items?page=1';

interface Asked {
  fields: FieldSpec[];
  each?: string;
  next?: string;
}
type Said = { ok: true; records: string[]; next: string | undefined } | { ok: false; detail: string };
interface Both {
  /** Undefined where the parser is asked; all the time where the paths need it. */
  scan: (text: string) => Said | undefined;
  parse: (text: string) => Said;
}

async function bothOf({ fields: given, each, next }: Asked): Promise<Both> {
  const fields = await Promise.all(given.map((spec, at) => compileField(`f${String(at)}`, spec)));
  const sources = given.map((spec) => sourceOf(spec, 'json', 'json'));
  const plan = {
    extract: { format: 'json', fields: {}, keepBody: 'none', ...(each !== undefined && { each }) },
    ...(next !== undefined && { next: { json: next } }),
  } as const;
  const scan = jsonScan(jsonQuery(plan, fields, sources));
  const parsed = parsedReader(plan, sources);
  const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  return {
    scan: (text) => {
      const read = scan?.({ body: Buffer.from(text), encoding: 'utf-8' }, FINAL_URL);
      if (read?.ok !== true) return read;
      // The reader resolves it.
      const next = read.next === undefined ? undefined : requestUrl(read.next, FINAL_URL);
      return { ok: true, records: read.content.written.map(textOf), next };
    },
    parse: (text) => {
      const read = parsed({ body: Buffer.from(text), encoding: 'utf-8' }, FINAL_URL);
      if (read instanceof Promise) throw new Error('a parser that has to be loaded');
      if (!read.ok) return read;
      const records = recordsOf(fields, read);
      if (!Array.isArray(records)) return { ok: false, detail: records.detail };
      return { ok: true, records: records.map(textOf), next: read.next };
    },
  };
}

const KEYS = ['a', 'b', 'id', 'items', 'é', '0', '12', 'a b', '__proto__', ''];
const text = fc.oneof(
  fc.constantFrom('', 'x', '/item/1', 'https://site.example/a?b=1', ' /a\n', 'a"b', 'a\\b', 'é😀', '\u0001\u001f', '\u007f\u2028', '\ud800', '12', 'true', '../x', '#'),
  fc.string({ maxLength: 40 }),
); // prettier-ignore
const number = fc.constantFrom('0', '-0', '1', '-12', '1.5', '1.50', '0.5', '0.05', '0.0000001', '1e2', '1E+2', '-1.25e-7', '123456789012345', '1234567890123456', '9007199254740993', '0.1234567890123456', '1e400', '100.0', '12.000001', '0.0'); // prettier-ignore
/** JSON as somebody may write it. */
const json = fc.letrec<{ value: string }>((tie) => {
  const space = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '\r\n');
  const list = fc.tuple(space, fc.array(tie('value'), { maxLength: 4 }), space).map(([a, all, b]) => `[${a}${all.join(`${b},${a}`)}${b}]`); // prettier-ignore
  const written = fc.tuple(text, fc.constantFrom('plain', 'solidus', 'numbers')).map(([said, how]) => {
    const plain = JSON.stringify(said);
    if (how === 'solidus') return plain.replaceAll('/', '\\/');
    return how === 'plain' ? plain : `"${[...said].flatMap((one) => one.split('')).map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`).join('')}"`; // prettier-ignore
  });
  const object = fc
    .tuple(space, fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 4 }), space)
    .map(([a, all, b]) => `{${a}${all.map(([key, value]) => `${JSON.stringify(key)}${b}:${a}${value}`).join(`${a},${b}`)}${b}}`); // prettier-ignore
  return {
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.oneof(number, written, fc.constantFrom('true', 'false', 'null')),
      list,
      object,
      object,
    ),
  };
}).value;

const STEPS = ['.a', '.b', '.id', '.items', "['é']", "['0']", "['a b']", "['__proto__']", "['']", '[0]', '[1]', '[*]', '[*]', '[-1]', '..a']; // prettier-ignore
const path = fc.array(fc.constantFrom(...STEPS), { maxLength: 3 }).map((steps) => `$${steps.join('')}`);
const field: fc.Arbitrary<FieldSpec> = fc.record(
  {
    json: path,
    all: fc.boolean(),
    as: fc.constantFrom('text', 'url', 'integer', 'number', 'boolean'),
    match: fc.constantFrom('[a-z]+', '(.)$'),
    default: fc.constantFrom(null, 'none', 0),
    required: fc.constant(true),
  },
  { requiredKeys: ['json'] },
);

test('2,000 tasks on written JSON', async () => {
  let scanned = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof({ weight: 9, arbitrary: field }, fc.constant({ const: 'c"' })), { maxLength: 4 }),
      fc.option(path, { nil: undefined }),
      fc.option(path, { nil: undefined }),
      fc.array(json, { minLength: 1, maxLength: 5 }),
      async (fields, each, next, documents) => {
        const { scan, parse } = await bothOf({ fields, ...(each !== undefined && { each }), ...(next !== undefined && { next }) }); // prettier-ignore
        for (const document of documents) {
          const said = scan(document);
          if (said === undefined) continue;
          scanned++;
          expect(said).toEqual(parse(document));
        }
      },
    ),
    { numRuns: 2_000 },
  );
  // Otherwise nothing would have been compared.
  expect(scanned).toBeGreaterThan(1_500);
});

describe('what is no JSON is never scanned', () => {
  const all: Asked = { fields: [{ json: '$.a' }, { json: '$.items[*].id', all: true }] };

  test('documents with something cut out, put in or doubled', async () => {
    const { scan } = await bothOf(all);
    fc.assert(
      fc.property(json, fc.nat(), fc.nat({ max: 3 }), fc.constantFrom('', '"', '\\', ',', ':', '{', ']', '}', '1', 'e', '.', '-', '\u0001', 'x', '0'), (whole, from, length, put) => {
        const at = from % (whole.length + 1);
        const broken = whole.slice(0, at) + put + whole.slice(at + length);
        const isJson = (() => { try { JSON.parse(broken); return true; } catch { return false; } })();
        if (!isJson) expect(scan(broken)).toBeUndefined();
      }),
      { numRuns: 3_000 },
    ); // prettier-ignore
  });

  test.each(['', ' ', '{', '[', '"', '"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '[1,', '[1,]', '{"a":1,}', '01', '-', '1.', '.5', '1e', '+1', 'tru', 'nul', 'True', "'a'", '"\\x"', '"\\u12g4"', '"\\u12', '"a\nb"', '1 2', '[1]]', '{1:2}', '[}', '\u00a01', 'NaN', '//', '{"a":1}x'])(
    '%j',
    async (text) => {
      expect((await bothOf(all)).scan(text)).toBeUndefined();
    },
  ); // prettier-ignore

  test('every beginning of a document', async () => {
    const { scan } = await bothOf(all);
    const whole = '{"a": [1.5e3, true, "x\\u00e9\\n"], "items": [{"id": -1}, {"id": null}]}';
    for (let length = 0; length < whole.length; length++) expect(scan(whole.slice(0, length))).toBeUndefined();
    expect(scan(whole)).toEqual({ ok: true, records: ['{"f0":[1500,true,"xé\\n"],"f1":[-1,null]}'], next: undefined });
  });
});

test('nesting at the bound and beyond it', async () => {
  const { scan } = await bothOf({ fields: [{ json: '$[0]' }] });
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  expect(scan(nested(1_000))?.ok).toBe(true);
  expect(scan(nested(1_001))).toBeUndefined();
});

test.each<[why: string, asked: Asked, document: string]>([
  ['a key twice on the way', { fields: [{ json: '$.a' }] }, '{"a":1,"a":2}'],
  ['a key with escapes', { fields: [{ json: '$.b' }] }, '{"\\u0062":1}'],
  ['any value of an object', { fields: [{ json: '$[*]', all: true }] }, '{"b":1,"0":2}'],
  ['a place from the end', { fields: [{ json: '$[-1]' }] }, '[1,2]'],
  ['a path with descendants', { fields: [{ json: '$..a' }] }, '{"a":1}'],
  ['more steps than there are bits', { fields: Array.from({ length: 33 }, () => ({ json: '$.a.b' })) }, '{}'],
])('left to the parser: %s', async (_why, asked, document) => {
  const { scan, parse } = await bothOf(asked);
  expect(scan(document)).toBeUndefined();
  expect(parse(document).ok).toBe(true);
});

test('without fields records are what is there', async () => {
  const { scan, parse } = await bothOf({ fields: [], each: '$.items[*]', next: '$.next' });
  const document = '{"items": [{"b": 1.0, "a": "\\u0041", "1": [ 1, 1e2 ]}, {}], "next": "/p2"}';
  const said = { ok: true, records: ['{"1":[1,100],"b":1,"a":"A"}', '{}'], next: 'https://api.example/p2' };
  expect(scan(document)).toEqual(said);
  expect(parse(document)).toEqual(said);
  expect(scan('{"items":[{},[]]}')).toEqual({
    ok: false,
    detail: 'without fields a record has to be a JSON object; item 1 is a list',
  });
});

test.each<[spec: FieldSpec, record: string]>([
  [{ json: '$.a', default: 'd' }, '{"f0":"d"}'],
  [{ json: '$.a', all: true, default: 'd' }, '{"f0":"d"}'],
  [{ json: '$.a' }, '{"f0":null}'],
])('a number beyond all numbers is written as null, and is nothing: %j', async (spec, record) => {
  const { scan, parse } = await bothOf({ fields: [spec] });
  for (const document of ['{"a":1e400}', '{"a":-1e400}']) {
    expect(scan(document)).toMatchObject({ records: [record] });
    expect(parse(document)).toMatchObject({ records: [record] });
  }
  expect((await bothOf({ fields: [{ ...spec, required: true }] })).parse('{"a":1e400}').ok).toBe('default' in spec);
});

test('records, the next page, and what lies beside the paths', async () => {
  const { scan } = await bothOf({
    each: '$.items[*]',
    next: '$.links.next',
    fields: [{ json: '$.name' }, { json: '$.price.amount' }, { json: '$.url', as: 'url' }, { json: '$' }],
  });
  const items = [{ name: 'é"', price: { amount: 1.5, x: [{ name: 'no' }] }, url: '/item/1#a' }, { url: 'a b' }, 7];
  const document = JSON.stringify({ name: 'no', items, links: { next: '?page=2#x' } }, null, 2);
  expect(scan(document)).toEqual({
    ok: true,
    records: [
      `{"f0":"é\\"","f1":1.5,"f2":"https://api.example/item/1#a","f3":${JSON.stringify(items[0])}}`,
      '{"f0":null,"f1":null,"f2":"https://api.example/v1/a%20b","f3":{"url":"a b"}}',
      '{"f0":null,"f1":null,"f2":null,"f3":7}',
    ],
    next: 'https://api.example/v1/items?page=2',
  });
});
