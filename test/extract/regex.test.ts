/** The project's regular expressions against re2js, which reads the same syntax, and against what Go and RFC 9485 say. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { compileIRegexp } from '#extract/regex/i-regexp.ts';
import { compileRegex, RegexFault } from '#extract/regex/regex.ts';
import { backtrack } from '../../src/extract/regex/backtracker.ts';
import { parse } from '../../src/extract/regex/parse.ts';
import { programOf } from '../../src/extract/regex/program.ts';
import { runThreads } from '../../src/extract/regex/threads.ts';
import { differs, ours, pattern, reference, soup, text } from './patterns.ts';

const texts = fc.array(text, { minLength: 3, maxLength: 3 });

describe('as re2js', () => {
  test.each([
    ['patterns', pattern, 1_500],
    ['what may be patterns', soup, 2_000],
  ] as const)('%s: the same refusal, the same groups', (_, sources, numRuns) => {
    fc.assert(
      fc.property(sources, texts, (source, all) => {
        fc.pre(!differs(source));
        for (const one of all) expect(ours(source, one)).toEqual(reference(source, one));
      }),
      { numRuns },
    );
  });

  test('and that is a test: most patterns compile, and of those most match', () => {
    const said = fc.sample(fc.tuple(pattern, text), { numRuns: 500, seed: 1 }).map(([one, at]) => reference(one, at));
    const found = said.map((one) => ('fault' in one ? undefined : one.finds[0]));
    expect(said.filter((one) => 'fault' in one).length).toBeLessThan(100);
    expect(found.filter((one) => one !== undefined).length).toBeGreaterThan(200);
    expect(found.filter((one) => (one ?? '') !== '').length).toBeGreaterThan(100);
  });

  test.each(['L', 'Lu', 'Nd', 'P', 'Sc', 'C', 'Cn', 'LC', 'Assigned', 'Greek', 'Han', 'Cyrillic', 'Latin', 'Inherited', 'Kawi'])(
    'the characters of \\p{%s}, folded and not',
    (name) => {
      for (const source of [`\\p{${name}}`, `(?i)\\p{${name}}`, `(?i)[^\\P{${name}}]`]) {
        const [theirs, own] = [RE2JS.compile(source), compileRegex(source)];
        for (let char = name.length; char < 0x11_00_00; char += char < 0x3000 ? 5 : 503) {
          const one = String.fromCodePoint(char);
          if (own.whole(one) !== theirs.matches(one)) throw new Error(`${source} and U+${char.toString(16)}`);
        }
      }
    },
  ); // prettier-ignore

  test('what folds to a character', () => {
    const cased = Array.from({ length: 0x26_00 }, (_, char) => String.fromCharCode(char)).filter(
      (one) => one.toLowerCase() !== one || one.toUpperCase() !== one,
    );
    for (const one of cased.filter((_, at) => at % 5 === 0 || at < 60)) {
      const others = cased.filter((other) => other !== one).join('');
      const matcher = RE2JS.compile(`(?i)${one}`).matcher(others);
      expect(compileRegex(`(?i)${one}`).find(others, 0), one).toBe(matcher.find() ? matcher.group() : undefined);
    }
  });
});

describe('not as re2js', () => {
  // RE2 and Go look for the end of `[:` behind it; re2js takes the colon for both.
  test('[:] is no name', () => {
    expect(compileRegex('[[:]+').find('a[:]', 0)).toBe('[:');
    expect(() => RE2JS.compile('[[:]+')).toThrow();
  });
  test.each(['Ascii', 'Lc', 'Emoji', 'Alphabetic', 'White_Space'])('\\p{%s} is a name of re2js alone', (name) => {
    expect(() => compileRegex(`\\p{${name}}`)).toThrow(RegexFault);
    expect(() => RE2JS.compile(`\\p{${name}}`)).not.toThrow();
  });
  // Go bounds the height of what it has simplified, and 128 MB of program.
  test.each([
    ['('.repeat(5_000), 'expression nests too deeply'],
    ['(?:'.repeat(1_001) + ')'.repeat(1_001), 'expression nests too deeply'],
    ['x'.repeat(20_001), 'the pattern is too large: more than 20000 steps'],
    ['x{1000}'.repeat(21), 'the pattern is too large: more than 20000 steps'],
    ['(?:\\pL{1000}|b{1000}){10}'.repeat(2), 'invalid repeat count: {10}'],
    ['a|'.repeat(20_000), 'the pattern is too large: more than 20000 steps'],
  ])('size, %#', (source, message) => {
    expect(() => compileRegex(source)).toThrow(new RegexFault(message));
  });
  test.each([
    ['('.repeat(1_000) + 'a' + ')'.repeat(1_000), 'a'],
    [`${'(?:'.repeat(1_000)}a${')*'.repeat(1_000)}`, 'a'],
    [`${'(?:x?'.repeat(900)}a${'|b)?'.repeat(900)}`, 'a'],
    ['x{1000}'.repeat(19), 'x'.repeat(19_000)],
    [`[${Array.from({ length: 20_000 }, (_, at) => String.fromCodePoint(0x100 + 2 * at)).join('')}]`, '\u0102'],
    [`[${'\\pL\\P{Lu}'.repeat(10_000)}]`, '\u0102'],
  ])('but this much is done, %#', (source, whole) => {
    expect(compileRegex(source).whole(whole)).toBe(true);
  });
});

test.each([
  ['(a', 'missing closing ): (a'],
  ['a)b', 'unexpected ): a)b'],
  ['[a', 'missing closing ]: [a'],
  ['x[]', 'missing closing ]: []'],
  ['a**', 'invalid nested repetition operator: **'],
  ['a{2}{3}', 'invalid nested repetition operator: {2}{3}'],
  ['(|+)', 'missing argument to repetition operator: +'],
  ['*?', 'missing argument to repetition operator: *?'],
  ['a{1001}', 'invalid repeat count: {1001}'],
  ['a{2,1}', 'invalid repeat count: {2,1}'],
  ['a{1001,}?', 'invalid repeat count: {1001,}'],
  ['(a{100}b){11}', 'invalid repeat count: {11}'],
  ['(a{100}){11}?', 'invalid repeat count: {11}?'],
  ['((a{0,100}){10}){2}', 'invalid repeat count: {2}'],
  ['(?=a)', 'invalid or unsupported Perl syntax: (?='],
  ['(?<=a)', 'invalid named capture: (?<=a)'],
  ['(?P<n>a)(?<n>b)', 'duplicate capture group name: n'],
  ['(?i', 'invalid or unsupported Perl syntax: (?i'],
  ['(?i-)', 'invalid or unsupported Perl syntax: (?i-)'],
  ['(a)\\1', 'invalid escape sequence: \\1'],
  ['\\C', 'invalid escape sequence: \\C'],
  ['\\x{110000}', 'invalid escape sequence: \\x{110000'],
  ['\\', 'trailing backslash at end of expression'],
  ['[z-a]', 'invalid character class range: z-a'],
  ['[[:foo:]]', 'invalid character class range: [:foo:]'],
  ['[[:constructor:]]', 'invalid character class range: [:constructor:]'],
  ['\\p{Grek}', 'invalid character class range: \\p{Grek}'],
  ['\\p{Script=Greek}', 'invalid character class range: \\p{Script=Greek}'],
  ['\\p{L', 'invalid character class range: \\p{L'],
  [`(${'a'.repeat(200)}`, `missing closing ): (${'a'.repeat(78)}…`],
])('%s is refused', (source, message) => {
  expect(() => compileRegex(source)).toThrow(new RegexFault(message));
});

// What Go gives: the whole match, then its groups.
test.each<[string, string, (string | null)[] | undefined]>([
  ['([0-9.]+)', 'Price: 12.50 EUR', ['12.50', '12.50']],
  ['', 'a', ['']],
  ['a|ab', 'ab', ['a']],
  ['(a|ab)(c|bcd)(d*)', 'abcd', ['abcd', 'a', 'bcd', '']],
  ['(a+?)(a*)', 'aaa', ['aaa', 'a', 'aa']],
  ['(?U)(a+)(a*?)', 'aaa', ['aaa', 'a', 'aa']],
  ['(|a)*', 'aa', ['', '']],
  ['(|a)+', 'aa', ['', '']],
  ['(a|)*', 'aab', ['aa', 'a']],
  ['(a*)*', 'b', ['', '']],
  ['(a*)+', 'aab', ['aa', 'aa']],
  ['(a|b*)*', 'abb', ['abb', 'bb']],
  ['(?:a??)*', 'aaa', ['']],
  ['(|a*?)*?b', 'aab', ['aab', 'aa']],
  ['(a)|(b)', 'b', ['b', null, 'b']],
  ['(?:(a)|(b))*', 'ab', ['ab', 'a', 'b']],
  ['(a{0}b)?', 'ab', ['', null]],
  ['a{,2}', 'aa{,2}', ['a{,2}']],
  ['a{01}', 'a{01}', ['a{01}']],
  ['x*', 'axx', ['']],
  ['a$', 'a\n', undefined],
  ['(?m)^b$', 'a\nb\nc', ['b']],
  ['(?m)a$', 'a\r\n', undefined],
  ['a.b', 'a\nb', undefined],
  ['(?s)a.b', 'a\nb', ['a\nb']],
  ['(?i:a)b', 'Ab', ['Ab']],
  ['(?i:a)b', 'AB', undefined],
  ['(a(?i)b)c', 'aBc', ['aBc', 'aB']],
  ['(a(?i)b)c', 'aBC', undefined],
  ['(?i)a(?-i)b|c', 'C', undefined],
  ['(?i)kelvin', '\u212aELVIN', ['\u212aELVIN']],
  ['(?i)[^k]', '\u212a', undefined],
  ['(?i)\\w', 'ſ', ['ſ']],
  ['(?i)\\W', 'ſ', undefined],
  ['(?i)\\P{Lu}', 'a', undefined],
  ['\\bé', 'é', undefined],
  ['\\Q.*\\E+', '.**', ['.**']],
  ['.', '😀', ['😀']],
  ['\ud83d', '😀', undefined],
  ['\ude00', '😀', undefined],
  ['[\ud800-\udfff]', '😀\ude00', ['\ude00']],
  ['\\x{d83d}\\x{de00}', '😀', undefined],
  ['[^a]$', '😀', ['😀']],
  ['[[:^alpha:]\\d]', 'a5', ['5']],
  ['[]a]+', 'b]a', [']a']],
])('%s in %j', (source, at, said) => {
  const regex = compileRegex(source);
  expect(Array.from({ length: regex.groups + 1 }, (_, group) => regex.find(at, group))).toEqual(
    said ?? Array.from({ length: regex.groups + 1 }, () => undefined),
  );
  expect(regex.test(at)).toBe(said !== undefined);
}); // prettier-ignore

// An engine that tries again what has failed would not end with these, or take a minute for each that is quadratic.
test.each([
  ['(a+)+$', 'a', 'b'],
  ['(a|aa)+$', 'a', 'b'],
  ['(x+x+)+y', 'x', ''],
  ['(.*)*=.*', 'x', ''],
  ['(?:(?:a*)*)*b', 'a', ''],
  ['a*a*a*a*a*b', 'a', ''],
  ['a*b', 'a', ''],
  ['(?i)(\\w+\\s?)+$', 'ſ', '!'],
  ['(?:a?){30}b', 'a', ''],
  ['(|a|\\pL)+c', 'é', ''],
  ['.*.*=', '😀', ''],
  ['\\b(a|b|ab)*\\z', 'ab', '\n'],
  ['(?m)(^a*$)*b', 'a\n', ''],
])('%s is linear in the text', (source, part, last) => {
  const at = part.repeat(100_000 / part.length) + last;
  const program = programOf(parse(source));
  expect(backtrack(program, at, 0, false)).toBeUndefined();
  expect(runThreads(program, at, 0, false)).toBeUndefined();
  expect(compileRegex(source).whole(at)).toBe(false);
});

test('a text that is too long to remember where one has been', () => {
  const long = `${'a1 '.repeat(100_000)}é42€`;
  const regex = compileRegex('(\\pL\\d+|\\b)€');
  expect(regex.find(long, 0)).toBe('é42€');
  expect(regex.find(long, 1)).toBe('é42');
  expect(regex.find(long.slice(0, -1), 1)).toBeUndefined();
  expect(regex.whole(long)).toBe(false);
  expect(compileRegex('(?:\\w\\d |.)*').whole(long)).toBe(true);
  expect(compileRegex('$').find(long, 0)).toBe('');
});

test('sets by the thousand are not taken for each other', () => {
  const sets = Array.from({ length: 4_097 }, (_, at) => `[${String.fromCodePoint(0x3400 + at)}]`);
  const regex = compileRegex(`${sets.slice(0, -1).join('?')}?${sets.at(-1) ?? ''}`);
  expect(regex.whole('\u3400\u4400')).toBe(true);
  expect(regex.whole('\u3400\u3400')).toBe(false);
});

describe('I-Regexp', () => {
  test.each([
    ['a.c', 'abc', true],
    ['a.c', 'a\u2028c', true],
    ['a.c', 'a😀c', true],
    ['a.c', 'a\nc', false],
    ['a.c', 'a\rc', false],
    ['^a$', '^a$', false],
    ['^a$', 'a', true],
    ['[^^]', 'a', true],
    ['[^a]', '\n', true],
    ['[a-]|[-b]|[^-]', '-', true],
    ['[--]', '-', true],
    ['[a-c\\-x-z]+', 'b-y', true],
    ['\\(\\)\\*\\+\\-\\.\\?\\[\\\\\\]\\^\\{\\|\\}', '()*+-.?[\\]^{|}', true],
    ['\\n\\r\\t', '\n\r\t', true],
    ['\\p{Lu}\\P{Lu}', 'Éé', true],
    ['[\\p{L}0-9]+', 'é5', true],
    ['a{02,03}', 'aaa', true],
    ['a{2}', 'aaa', false],
    ['(ab|c){2,}', 'abcab', true],
    ['a||b', '', true],
    ['()', '', true],
    ['', '', true],
    ['/#"', '/#"', true],
  ])('%s and %j', (source, at, whole) => {
    expect(compileIRegexp(source)?.whole(at)).toBe(whole);
  });

  test.each([
    'a**', 'a+?', 'a{2}{3}', '*', '(?:a)', '(?i)a', '(a', 'a)', '[a', ']', '}', '{', '[]', '[]a]', '[^]', '[a-b-c]', '[--a]', '[[:alpha:]]', '[a[]', '\\d', '\\w', '\\b', '\\1', '\\/', '\\$', '\\x41', '\\p{Greek}', '\\p{Cs}', '\\pL', '\\p{^L}', '[b-a]', '[\\p{L}-z]', 'a{,2}', 'a{3,2}', 'a{1001}', '\ud800', '[\ud800]', '\\', '[\\d]',
  ])('%s is none', (source) => {
    expect(compileIRegexp(source)).toBeUndefined();
  }); // prettier-ignore

  test('as ECMAScript, to which RFC 9485 maps it', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '\\.',
      '[ab]',
      '[^a-c]',
      '\\p{L}',
      '[\\P{Lu}b-]',
      '\\n',
      '-',
      '😀',
      ' ',
    );
    // Nothing nested is repeated often: V8 would try all ways.
    const { branch } = fc.letrec<{ branch: string }>((tie) => ({
      branch: fc.array(
        fc.oneof(
          { depthSize: 'small' },
          fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{0,}')),
          fc.tuple(fc.tuple(tie('branch'), tie('branch')).map((both) => `(${both.join('|')})`), fc.constantFrom('', '?', '{2}')),
        ).map((both) => both.join('')),
        { maxLength: 3 },
      ).map((pieces) => pieces.join('')),
    })); // prettier-ignore
    const characters = fc.array(fc.constantFrom('a', 'b', 'B', '.', '\n', '-', '😀', ' '), { maxLength: 5 });
    fc.assert(
      fc.property(branch, characters, (source, chars) => {
        const script = source.replace(/\\.|\[[^\]]*\]|\./g, (token) => (token === '.' ? '[^\\n\\r]' : token));
        const regex = compileIRegexp(source);
        expect(regex?.whole(chars.join(''))).toBe(new RegExp(`^(?:${script})$`, 'u').test(chars.join('')));
        expect(regex?.test(chars.join(''))).toBe(new RegExp(script, 'u').test(chars.join('')));
      }),
      { numRuns: 1_000 },
    );
  });
});
