import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolve } from '#extract/resolve.ts';

const BASES = [
  'https://a.example/',
  'https://a.example/x/y/z.html?q=1#h',
  'http://a.example:8080/x/',
  'http://a.example/x/#',
  'https://user:pw@a.example/x/y',
  'https://1.2.3.4/x',
  'file:///C:/x/y',
  'data:text/html,x',
  'not a base',
];
const byParser = (reference: string, base: string): string | null => URL.parse(reference, base)?.href ?? null;

test.each([
  'a', 'a/b.html', '../a', '../../../../a', '../', '..', '.', './a', '/', '/a', '//b.example/x', '#a', '#', '?', '?a=b', 'a?b=c#d', 'a?', 'a#',
  'a//b', 'a/./b', 'a/../b', '/../a', '.a', 'a/.b', 'a:b', 'a/b:c', '/a:b', 'mailto:x@y', 'javascript:1', 'http:a', 'https://b.example', '../#a',
  'https://b.example/', 'https://B.example/', 'https://b.example/a/../b', 'https://b.example:443/x', 'https://xn--a.example/', 'https://1.2.3/x',
  'https://b.0x1/', 'https://b.example/%2e%2e/x', 'a%2e/b', '%2e%2e/b', 'ä', 'a b', ' a', 'a\tb', 'a\\b', '\\a', '..\\a', "a?b='c'", 'a?b="c"',
  'a#b c', 'a#`', 'a|b', 'https://b.example//c', 'https://a_b.example/', 'https://a-.example/x', '~a/b', '-a', 'a/b/', '/a/../../b', '../?a', '../a?b#c',
])('%s', (reference) => {
  for (const base of BASES) expect(resolve(reference, base)).toBe(byParser(reference, base));
}); // prettier-ignore

test('any reference is what the parser makes of it', () => {
  const piece = fc.constantFrom('a', 'B', '1', '/', '//', '.', '..', '../', '#', '?', ':', '@', '%', '%2e', '&', '=', '-', '~', '+', "'", '"', ' ', '\\', 'ä', 'http://', 'https://b.example/', 'xn--', '|', '^', '\n'); // prettier-ignore
  const reference = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(reference, fc.constantFrom(...BASES), (given, base) => {
      expect(resolve(given, base)).toBe(byParser(given, base));
    }),
    { numRuns: 3_000 },
  );
});
