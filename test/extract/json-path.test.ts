import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { query } from 'jsonpath-rfc9535';
import parse from 'jsonpath-rfc9535/parser';
import { describe, expect, test } from 'vitest';
import type { Json } from '#core/json.ts';
import { BoundPassed } from '#extract/bound-passed.ts';
import { compileExtractor } from '#extract/compile.ts';
import { compileJsonPath, jsonPathFault, newEffort, stepsOf } from '#extract/json-path.ts';
import { spec } from './documents.ts';

const KEYS = ['a', 'b', '0', 'length', '__proto__'];
const { document } = fc.letrec<{ document: Json }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(null, true, 0, 1, 'text', '', 'a', 'b'),
    fc.array(tie('document'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('document')), { maxLength: 4 }).map(Object.fromEntries<Json>),
  ),
}));
const step = fc.constantFrom('.*', '[*]', '[0]', '[-1]', ...KEYS.map((key) => `["${key}"]`), '.a', '.b');

test('paths of names, indices and wildcards find what the library finds', () => {
  fc.assert(
    fc.property(document, fc.array(step, { maxLength: 5 }), (root, steps) => {
      const path = `$${steps.join('')}`;
      const { all, first } = compileJsonPath(path);
      const found = query(root, path);
      expect(all(root)).toEqual(found);
      expect(first(root)).toEqual(found[0]);
    }),
    { numRuns: 2_000 },
  );
});

/** The parts joined, each of them drawn. */
const text = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((drawn) => drawn.join(''));
const list = (one: fc.Arbitrary<string>, between: string, maxLength: number, minLength = 1): fc.Arbitrary<string> =>
  fc.array(one, { minLength, maxLength }).map((drawn) => drawn.join(between));
const perhaps = (one: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.option(one, { nil: '' });

const space = fc.constantFrom('', '', '', ' ', '\t\n');
const name = fc.constantFrom('a', 'b', 'length', '__proto__', 'é');
const literal = fc.constantFrom(...['null', 'true', 'false', '0', '-0', '1', '1.0', '10e-1', '""', "'a'", "'\\u0062'"]);
// What follows keeps to where the library is right; where it is not, see the table below.
const slice = text(
  perhaps(fc.constantFrom('0', '1', '3')),
  ':',
  perhaps(fc.constantFrom('0', '2', '9')),
  perhaps(fc.constantFrom(':1', ': 2', ':0', ':-1', ':-2')),
);
const selector = (filter: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: text('"', name, '"') },
    { weight: 2, arbitrary: fc.constantFrom('0', '1', '-1', '*') },
    { weight: 1, arbitrary: slice },
    { weight: 3, arbitrary: text('?', space, filter) },
  );
const { path } = fc.letrec<Record<'path' | 'segments' | 'test' | 'operand' | 'inner', string>>((tie) => {
  const inBrackets = text('[', space, list(selector(tie('test')), ' ,', 3), space, ']');
  const quoted = text('["', name, '"]');
  const child = fc.oneof(text('.', name), fc.constant('.*'), inBrackets);
  const toOne = list(text(space, fc.oneof(text('.', name), quoted, fc.constantFrom('[0]', '[-1]'))), '', 2, 0);
  const deep = text('..', fc.oneof(name, fc.constant('*'), inBrackets));
  const from = fc.constantFrom('@', '@', '$');
  const singular = text(from, list(text(space, fc.oneof(text('.', name), quoted)), '', 2, 0));
  const test = tie('test');
  return {
    segments: fc.oneof(list(text(space, child), '', 4, 0), text(toOne, deep, list(child, '', 2, 0))),
    path: text('$', tie('segments')),
    inner: text(from, tie('segments')),
    operand: fc.oneof(
      { depthSize: 'small' },
      literal,
      singular,
      text('length(', space, fc.oneof(literal, singular), space, ')'),
      text(fc.constantFrom('count', 'value'), '(', tie('inner'), ')'),
    ),
    test: fc.oneof(
      { depthSize: 'small' },
      text(tie('operand'), space, fc.constantFrom('==', '!=', '<', '<=', '>', '>='), space, tie('operand')),
      tie('inner'),
      text('!', space, tie('inner')),
      text(fc.constantFrom('match(', 'search( '), singular, ', ', fc.constantFrom('"[ab]"', "'te.t'", '@.a'), ')'),
      text(perhaps(fc.constant('!')), '(', space, test, space, ')'),
      text('(', test, ')', space, '&&', space, '(', test, ')'),
      text('(', test, ')', list(text(space, '||', space, '(', test, ')'), '', 3)),
    ),
  };
});

describe('against the library', () => {
  test('whole paths find the same values in the same order', () => {
    fc.assert(
      fc.property(document, path, (root, given) => {
        expect(compileJsonPath(given).all(root)).toEqual(query(root, given));
      }),
      { numRuns: 3_000 },
    );
  });

  test('a path with one character more, less or another is refused by both, or by neither', () => {
    const char = fc.constantFrom(...' .$@[](),:?*!<>=&|-+019eEabtnu"\'\\/_é\u{1f600}\ud800\n');
    fc.assert(
      fc.property(
        path,
        fc.nat(),
        fc.integer({ min: 0, max: 1 }),
        fc.option(char, { nil: '' }),
        (given, place, gone, put) => {
          const at = 1 + (place % given.length);
          const edited = given.slice(0, at) + put + given.slice(at + gone);
          const fault = jsonPathFault(edited);
          const isSyntax = fault !== undefined && /^(?:unexpected|it ends)/.test(fault);
          expect([edited, isSyntax]).toEqual([edited, !isParsed(edited)]);
        },
      ),
      { numRuns: 10_000 },
    );
  });
});

function isParsed(given: string): boolean {
  try {
    parse(given);
    return true;
  } catch {
    return false;
  }
}

test.each<[why: string, path: string, root: Json, found: Json[]]>([
  ['2.3.4.2: a start before the first is the first', '$[-5:]', [1, 2, 3], [1, 2, 3]],
  ['2.3.4.2: an absent step is 1', '$[:: ]', [1, 2], [1, 2]],
  ['2.3.5.2: && binds all of its sides', '$[?@>1 && @<3 && @!=2]', [1, 2, 3], []],
  ['2.3.5.1: an index is a singular query', '$[?@[0] == 1]', [[1], [2]], [[1]]],
  ['2.3.5.2.2: strings are in the order of scalar values', '$[?@ < "\u{1f600}"]', ['\uff5e'], ['\uff5e']],
  ['2.4.4: length counts scalar values', '$[?length(@) == 2]', ['a\u{1f600}'], ['a\u{1f600}']],
  ['2.4.4: the length of Nothing is Nothing', '$[?length(value(@.a)) == @.a]', [{}], [{}]],
  ['2.4.6: match takes the whole string', '$[?match(@, "a|b")]', ['a', 'ab', 'b'], ['a', 'b']],
  ['2.5: found in the order of what was found before', '$.*..[0]', [[[1]], [2]], [[1], 1, 2]],
])('where the library is wrong, %s', (_, given, root, found) => {
  expect(query(root, given)).not.toEqual(found);
  expect(compileJsonPath(given).all(root)).toEqual(found);
});

describe('the compliance test suite, which comes with the library', () => {
  interface Case {
    name: string;
    selector: string;
    document?: Json;
    result?: Json[];
    results?: Json[][];
    invalid_selector?: boolean;
  }
  const library = '../../node_modules/jsonpath-rfc9535/src/__tests__/jsonpath-compliance-test-suite/cts.json';
  const { tests } = JSON.parse(readFileSync(new URL(library, import.meta.url), 'utf8')) as { tests: Case[] };

  test.each(tests)(
    '$name: $selector',
    ({ selector, document: root = null, result = [], results, invalid_selector }) => {
      if (invalid_selector === true) expect(jsonPathFault(selector)).toBeTypeOf('string');
      else expect(results ?? [result]).toContainEqual(compileJsonPath(selector).all(root));
    },
  );
});

describe('faults', () => {
  test.each<[path: string, fault: string | undefined]>([
    ['', 'a path starts with $'],
    [' $', 'a path starts with $'],
    ['$ ', 'it ends too early'],
    ['$.a b', 'unexpected "b" at character 5'],
    ['$.', 'it ends too early'],
    ['$. a', 'unexpected " " at character 3'],
    ['$..', 'it ends too early'],
    ['$.[0]', 'unexpected "[" at character 3'],
    ['$.1', 'unexpected "1" at character 3'],
    ['$.\u{1f600}\ud800', 'unexpected "\\ud800" at character 5'],
    ['$a', 'unexpected "a" at character 2'],
    ['$[\u{1f600}]', 'unexpected "\u{1f600}" at character 3'],
    ['$[01]', 'unexpected "1" at character 4'],
    ['$[-0]', 'unexpected "0" at character 4'],
    ['$[1', 'it ends too early'],
    ['$[1:2:3:4]', 'unexpected ":" at character 8'],
    ['$[0:-9007199254740992]', '-9007199254740992 is outside ±(2^53−1)'],
    ['$["a', 'it ends too early'],
    ['$["\\\'"]', 'unexpected "\'" at character 5'],
    ['$["\\ud800"]', 'unexpected "u" at character 5'],
    ['$["\n"]', 'unexpected "\\n" at character 4'],
    ['$[?@.a == @.*]', 'unexpected "*" at character 13'],
    ['$[?@.* == 1]', 'unexpected "=" at character 8'],
    ['$[?@[ 0] == 1]', 'unexpected "=" at character 10'],
    ['$[?1 == @[0, 1]]', 'unexpected "0" at character 11'],
    ['$[?@.a == 1.]', 'unexpected "]" at character 13'],
    ['$[?@.a == -]', 'unexpected "]" at character 12'],
    ['$[?@.a == 01]', 'unexpected "1" at character 12'],
    ['$[?true]', 'unexpected "]" at character 8'],
    ['$[?!true]', 'unexpected "]" at character 9'],
    ['$[?!@.a == 1]', 'unexpected "=" at character 9'],
    ['$[?!!@.a]', 'unexpected "!" at character 5'],
    ['$[?count (@.*) == 1]', 'unexpected " " at character 9'],
    ['$[?@.a & @.b]', 'unexpected "&" at character 8'],
    ['$[?(@.a]', 'unexpected "]" at character 8'],
    ['$[?length((@.a)) == 1]', 'argument 1 of length() has to be a literal, a query for a single value or a function'],
    ['$[?count(value(@.*)) == 1]', 'argument 1 of count() has to be a query'],
    ['$[?count(count(1)) == 1]', 'argument 1 of count() has to be a query'],
    ['$[?value(@.*)]', 'value() has to be compared with something'],
    ['$[?!length(@)]', 'length() has to be compared with something'],
    ['$[?1 == search(@, "a")]', 'search() cannot be compared'],
    ['$[?length(match(@, "a")) == 1]', 'argument 1 of length() has to be a literal'],
    [`$${'[?@'.repeat(240)}${']'.repeat(240)}`, undefined],
    [`$[?${'('.repeat(490)}@${')'.repeat(490)}]`, undefined],
    [`$[?${'('.repeat(100_000)}`, 'it is nested deeper than 500'],
    [`$[?${'!('.repeat(100_000)}`, 'it is nested deeper than 500'],
    [`$[?${'value('.repeat(100_000)}`, 'it is nested deeper than 500'],
    [`$${'[?@'.repeat(100_000)}`, 'it is nested deeper than 500'],
    [`$${'[0]'.repeat(100_000)}`, undefined],
    [`$[?@${' && @ || @'.repeat(100_000)}]`, undefined],
  ])('%.60s', (given, fault) => {
    const found = jsonPathFault(given);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
    if (found !== undefined) expect(() => compileJsonPath(given)).toThrow(found);
  });
});

describe('what paths may ask of a document', () => {
  /** Objects in each other. */
  const chain = (depth: number): Json => Array.from({ length: depth }).reduce<Json>((inner) => ({ a: inner }), 'end');

  test('a path that multiplies values is stopped', () => {
    const { all } = compileJsonPath(`$${'..*'.repeat(300)}`);
    expect(() => all(chain(400))).toThrow(new BoundPassed('a path finds more than 10000000 values'));
  });

  test('and so is a filter that looks at the document again and again, though it finds nothing', () => {
    const { all } = compileJsonPath('$..[?@..[?@..[?@..[?@.b]]]]');
    expect(() => all(chain(400))).toThrow(
      new BoundPassed('the paths look at more than 100000000 values of the document'),
    );
  });

  test.each<[path: string, root: Json]>([
    [
      '$[0,0][0,0][0,0][0,0][0,0][0,0][0,0][0,0][0,0][0,0][0,0]',
      JSON.parse(`${'['.repeat(12)}${']'.repeat(12)}`) as Json,
    ],
    ['$.*[?$.a == $.b]', { a: Array(50).fill(0), b: Array(50).fill(0), c: Array(50).fill(0) }],
    ['$.c[?$.a == $.b]', { a: 'a'.repeat(9_999), b: `${'a'.repeat(9_998)}b`, c: Array(50).fill(0) }],
    ['$.c[?$.a < $.b]', { a: 'a'.repeat(9_999), b: `${'a'.repeat(9_998)}b`, c: Array(50).fill(0) }],
    ['$.c[?length($.a) == 1]', { a: 'a'.repeat(9_999), c: Array(50).fill(0) }],
    ['$.c[?length($.c) == length($)]', { c: Object.fromEntries(Array(50).entries()) as Json }],
    ['$.c[?search($.a, "b")]', { a: 'a'.repeat(9_999), c: Array(50).fill(0) }],
    ['$.c[?search("", @)]', { c: Array.from({ length: 50 }, (_, at) => String(at)) }],
    ['$.c[?@[::1]]', { c: Array(50).fill(Array(50).fill(0)) as Json }],
    ['$.c[?count(@..*) == 1]', { c: Array(50).fill(chain(50)) as Json }],
  ])('%s costs what it takes', (given, root) => {
    const { all } = compileJsonPath(given);
    expect(all(root)).toBeInstanceOf(Array);
    expect(() => all(root, { ...newEffort(), left: 1_000 })).toThrow(BoundPassed);
  });

  test('no path finds more than it has paid for, and one bound is for all paths of a document', () => {
    fc.assert(
      fc.property(document, path, fc.nat({ max: 100 }), (root, given, left) => {
        const effort = { ...newEffort(), left };
        const { all } = compileJsonPath(given);
        fc.pre(stepsOf(given) === undefined);
        try {
          const found = all(root, effort);
          expect(found).toEqual(all(root));
          expect(found.length).toBeLessThanOrEqual(left - effort.left);
        } catch (error) {
          if (!(error instanceof BoundPassed)) throw error;
          expect(effort.left).toBeLessThan(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('what does not change from value to value is looked for once', () => {
    const effort = newEffort();
    const root = { few: [1, 2, 3], many: Array.from({ length: 10_000 }, (_, at) => at) };
    expect(compileJsonPath('$.many[?@ < count($..*)]').all(root, effort)).toHaveLength(10_000);
    expect(newEffort().left - effort.left).toBeLessThan(100_000);
  });

  test('patterns that the document has are bounded, and a few are kept', () => {
    const { all } = compileJsonPath('$[?match(@.text, @.pattern)].text');
    const many = Array.from({ length: 100 }, (_, at) => ({ text: `a${String(at)}`, pattern: `[ab]${String(at)}` }));
    const effort = newEffort();
    expect(all([...many, ...many], effort)).toHaveLength(200);
    expect(effort.patterns.size).toBeLessThanOrEqual(16);
    expect(all([{ text: 'a', pattern: '(' }])).toEqual([]);
    expect(() => all([{ text: 'a', pattern: 'a'.repeat(1_001) }])).toThrow(
      new BoundPassed('a pattern in the document has more than 1000 characters'),
    );
  });

  test.each(['match', 'search'])('%s takes time by the text, whatever the pattern', (name) => {
    const item = { text: `${'a'.repeat(50_000)}!`, pattern: '((a+)+)+b' };
    for (const pattern of ['"((a+)+)+b"', '@.pattern'])
      expect(compileJsonPath(`$[?${name}(@.text, ${pattern})]`).all([item])).toEqual([]);
  });

  test('a document that asks for too much is refused, and says why', async () => {
    const fields = { a: `$${'..*'.repeat(300)}` };
    const extractor = await compileExtractor({ extract: spec({ format: 'json', fields }) });
    const body = new TextEncoder().encode(JSON.stringify(chain(400)));
    const url = 'https://site.example/';
    expect(await extractor.extract({ url, finalUrl: url, headers: {}, body })).toEqual({
      ok: false,
      reason: 'extract',
      detail: 'a path finds more than 10000000 values',
    });
  });
});

test('descent goes as deep as documents do', () => {
  const deep = JSON.parse(`${'[{"a":'.repeat(500)}1${'}]'.repeat(500)}`) as Json;
  expect(compileJsonPath('$..a').all(deep)).toHaveLength(500);
  expect(compileJsonPath('$[?@ == $[0]]').all(deep)).toHaveLength(1);
});
