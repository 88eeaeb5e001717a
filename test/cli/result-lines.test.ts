/** The fast readers against the ones that judge: wherever the fast ones answer, the answers are the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlainUrl } from '#cli/plain-url.ts';
import { readLedgerLine, readRecordLine, skimLedgerLine, skimRecordLine } from '#cli/result-lines.ts';
import { BUCKETS } from '#core/ledger.ts';
import { canonicalUrl } from '#core/url.ts';
import { ledgerLine, recordLine } from './results-tree.ts';

const RUNS = { numRuns: 2_000 };

/** The line between others, as it lies in a file. */
function placed(line: Uint8Array, first = '{'): [bytes: Buffer, from: number, to: number] {
  const before = Buffer.from(`${first}"url":"http://before.example/"}\n`);
  return [Buffer.concat([before, line, Buffer.from('\n}]"')]), before.length, before.length + line.length];
}

/** What both readers say. @returns whether the fast one did. */
function ledgerAgrees(line: Uint8Array, first?: string): boolean {
  const [bytes, from, to] = placed(line, first);
  const skimmed = skimLedgerLine(bytes, from, to);
  if (skimmed === undefined) return false;
  const { urlFrom, urlTo, ...facts } = skimmed;
  const url = bytes.toString('utf8', urlFrom, urlTo);
  expect(readLedgerLine(bytes.toString('utf8', from, to))).toEqual({ ok: true, ...facts, url, identity: url });
  return true;
}
function recordAgrees(line: Uint8Array): boolean {
  const [bytes, from, to] = placed(line);
  const skimmed = skimRecordLine(bytes, from, to);
  if (skimmed === undefined) return false;
  const url = bytes.toString('utf8', skimmed.urlFrom, skimmed.urlTo);
  expect(readRecordLine(bytes.toString('utf8', from, to))).toEqual({ ok: true, url });
  return true;
}

const urls = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.constantFrom('http://shop.example/a', 'https://a.example/x/../y', 'https://ü.example/', 'not a url', ''),
);
const text = fc.string({ unit: 'grapheme' });
const ledgerLines = fc
  .record(
    {
      url: fc.oneof(urls, fc.jsonValue()),
      method: fc.constantFrom('POST', 'get', 5),
      bodySha256: fc.constantFrom('00ff', null),
      bucket: fc.oneof(fc.constantFrom(...BUCKETS), fc.jsonValue()),
      detail: text,
      waitedMs: fc.nat(),
      records: fc.oneof(fc.nat(), fc.double(), fc.constantFrom(2 ** 32 - 1, 2 ** 32, -1, 1e300, '1')),
      at: text,
    },
    { requiredKeys: ['url', 'bucket', 'records'] },
  )
  .map((line) => JSON.stringify(line));
const recordLines = fc
  .record(
    {
      url: fc.oneof(urls, fc.jsonValue()),
      fetchedAt: text,
      status: fc.oneof(fc.nat(999), fc.jsonValue()),
      finalUrl: urls,
      index: fc.oneof(fc.nat(), fc.jsonValue()),
      data: fc.oneof(fc.dictionary(text, fc.jsonValue()), fc.jsonValue()),
    },
    { requiredKeys: ['url', 'status', 'index', 'data'] },
  )
  .map((line) => JSON.stringify(line));

/** A good line with some bytes changed, taken out or put in, preferably to what JSON cares about. */
const bytes = fc.oneof(fc.constantFrom(...Buffer.from('"\\{}[],:-+.eEu0159ntf \t\n\r')), fc.nat(255));
const edit = fc.record({ at: fc.nat(), byte: bytes, kind: fc.constantFrom('change', 'insert', 'remove') });
const mangled = (lines: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc.tuple(lines, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([line, edits]) => {
    const out = [...Buffer.from(line)];
    for (const { at, byte, kind } of edits)
      out.splice(at % (out.length + 1), kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [byte]));
    return Buffer.from(out.filter((each) => each !== 0x0a));
  });
const good = JSON.stringify(ledgerLine('http://shop.example/a', { detail: 'x\u0001\\"ü', depth: 2, waitedMs: 1_500 }));
const goodRecord = JSON.stringify({
  ...recordLine('http://shop.example/a?b=1'),
  data: { 'title "x"': 'é\u2028\ud800', price: -1.25e-7, all: [[], {}, null, true, false, 0], at: { url: 5 } },
});

describe('ledger lines', () => {
  test('as Gleaner writes them are read fast', () => {
    for (const bucket of BUCKETS) {
      const line = JSON.stringify({ ...ledgerLine('https://shop.example/a?b=c'), bucket });
      expect(ledgerAgrees(Buffer.from(line))).toBe(bucket !== 'pending');
    }
    expect(ledgerAgrees(Buffer.from(good))).toBe(true);
  });
  test('of any content', () => {
    fc.assert(
      fc.property(ledgerLines, (line) => void ledgerAgrees(Buffer.from(line))),
      RUNS,
    );
  });
  test('mangled', () => {
    fc.assert(
      fc.property(mangled(fc.oneof(fc.constant(good), ledgerLines)), (line) => void ledgerAgrees(line)),
      RUNS,
    );
  });
});

test('what stands before a line is not taken for a part of it', () => {
  for (const first of ['"collected"', '1', '"http://before.example/"'])
    for (const missing of ['url', 'bucket', 'records'])
      expect(ledgerAgrees(Buffer.from(good.replace(`"${missing}"`, '"other"')), first)).toBe(false);
  for (const missing of ['url', 'data', 'index', 'status'])
    expect(recordAgrees(Buffer.from(goodRecord.replace(`"${missing}"`, '"other"')))).toBe(false);
});

describe('record lines', () => {
  test('as Gleaner writes them are read fast', () => {
    expect(recordAgrees(Buffer.from(JSON.stringify(recordLine('https://shop.example/a?b=c', 7))))).toBe(true);
    expect(recordAgrees(Buffer.from(goodRecord))).toBe(true);
  });
  test('of any content', () => {
    fc.assert(
      fc.property(recordLines, (line) => void recordAgrees(Buffer.from(line))),
      RUNS,
    );
  });
  test('mangled', () => {
    fc.assert(
      fc.property(mangled(fc.oneof(fc.constant(goodRecord), recordLines)), (line) => void recordAgrees(line)),
      RUNS,
    );
  });
  test('any one byte changed', () => {
    const line = Buffer.from(goodRecord);
    for (let at = 0; at < line.length; at++)
      for (const byte of [0, 0x1f, 0x20, 0x22, 0x2c, 0x30, 0x5c, 0x7d, 0x80, 0xff, (line[at] ?? 0) ^ 1])
        recordAgrees(line.with(at, byte));
  });
});

test.each([
  '{}',
  '{"url":"http://a.example/","url":5,"bucket":"collected","records":0}',
  '{"bucket":"failed","bucket":"collected","records":9,"records":1,"url":"http://a.example/"}',
  '{"\\u0075rl":"http://b.example/","url":"http://a.example/","bucket":"collected","records":1}',
  '{"url":"http://a.example/","\\u0075rl":"http://b.example/","bucket":"collected","records":1}',
  '{"url":"http://a.example/","bucket":"collected","records":01}',
  '{"url":"http://a.example/","bucket":"collected","records":1,}',
  '{"url":"http://a.example/","bucket":"collected","records":1}}',
  '{"url":"http://a.example/","bucket":"collected","records":1,"x":"\\x"}',
  '{"url":"http://a.example/","bucket":"collected","records":1,"x":1.}',
  '{"url":"http://a.example/","bucket":"collected","records":1,"x":-}',
  '{"url":"http://a.example/","bucket":"collected","records":1,"x":1e}',
  '{"url":"http://a.example/","bucket":"collected","records":1,"x":[1,]}',
  '{"url":"http://a.example/","bucket":"collected","records":1,"x":nul}',
  `{"url":"http://a.example/","bucket":"collected","records":1,"x":${'['.repeat(500)}${']'.repeat(500)}}`,
])('%s', (line) => {
  ledgerAgrees(Buffer.from(line));
  recordAgrees(Buffer.from(line));
});

describe('plain URLs', () => {
  const isPlain = (url: string): boolean => isPlainUrl(Buffer.from(url), 0, Buffer.byteLength(url));

  test.each([
    'http://a.example/',
    'https://shop-1.a.example/b/c.html?d=e&f=g:h,(i)@j',
    'https://a.example/%E4%B8%AD?q=a%20b%2F',
  ])('%s is one', (url) => {
    expect(isPlain(url)).toBe(true);
  });
  test('each is its own canonical form', () => {
    const part = fc.string({ unit: fc.constantFrom(...'aZ09.-_~/?#@:%%%24EeFx[]\\^|{}"\'`<> é;=&+*!()$,') });
    const host = fc.string({ unit: fc.constantFrom(...'axn09.-:@_%é') });
    const any = fc
      .tuple(fc.constantFrom('http://', 'https://', 'HTTP://', 'http:/', 'ftp://', ' http://'), host, part)
      .map(([scheme, name, rest]) => `${scheme}${name}/${rest}`);
    fc.assert(
      fc.property(fc.oneof(any, urls), (url) => {
        if (isPlain(url)) expect(canonicalUrl(url)).toBe(url);
      }),
      { numRuns: 20_000 },
    );
  });
});
