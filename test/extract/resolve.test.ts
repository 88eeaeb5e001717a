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

test('so it is against any base', () => {
  const host = fc.constantFrom('a.example', 'A.example', '1.2.3.4', '01.2.3.4', '256.1.1.1', '1.2.3', 'xn--a.example', 'a-.b1', '-a.b', 'localhost', 'u@a.example', 'a.example.', 'a.0x1', 'a.1', '[::1]'); // prettier-ignore
  const port = fc.constantFrom('', ':8080', ':80', ':443', ':080', ':65535', ':59999', ':65536', ':0', ':');
  const piece = fc.constantFrom('/', 'a', '.', '..', '%2e', '//', '?', '#', '=', ':', '@', ' ', 'ä', '\\', '~', "'");
  const rest = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const base = fc.tuple(fc.constantFrom('http://', 'https://', 'HTTP://', 'ftp://'), host, port, fc.constantFrom('/', ''), rest); // prettier-ignore
  const reference = fc.constantFrom('b', '../b', '/b', '#b', '?b', 'https://b.example/', '../../b/c?d#e');
  fc.assert(
    fc.property(base, reference, (parts, given) => {
      expect(resolve(given, parts.join(''))).toBe(byParser(given, parts.join('')));
    }),
    { numRuns: 5_000 },
  );
});
