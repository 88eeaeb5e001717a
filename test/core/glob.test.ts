import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob } from '#core/glob.ts';

describe('globs', () => {
  it.each([
    ['https://a.example/docs/**', 'https://a.example/docs/x/y?z', true],
    ['https://a.example/docs/**', 'https://a.example/other', false],
    ['**/*.pdf', 'https://a.example/x/y.pdf', true],
    ['**/*.pdf', 'https://a.example/x/y.pdf?x', false],
    ['https://*.example/*', 'https://a.example/x', true],
    ['https://*.example/*', 'https://a.example/x/y', false],
    ['https://a.example/?', 'https://a.example/1', true],
    ['https://a.example/a+b(c)', 'https://a.example/a+b(c)', true],
  ])('%s on %s: %s', (glob, url, expected) => {
    expect(compileGlob(glob)(url)).toBe(expected);
  });

  /** As a regular expression, which tries everything. */
  const naive = (glob: string): RegExp => {
    const parts = glob.match(/\*\*|[^]/g) ?? [];
    const source = parts.map((part) => ({ '**': '[^]*', '*': '[^/]*', '?': '[^/]' })[part] ?? part.replace('.', '\\.'));
    return new RegExp(`^${source.join('')}$`);
  };
  const near = (chars: string[], maxLength: number) => fc.string({ unit: fc.constantFrom(...chars), maxLength });

  it('match what the same as a regular expression matches', () => {
    const globs = near(['a', 'b', '/', '.', '?', '*', '**'], 12);
    fc.assert(
      fc.property(globs, near(['a', 'b', '/', '.', '?'], 16), (glob, url) => {
        expect(compileGlob(glob)(url)).toBe(naive(glob).test(url));
      }),
      { numRuns: 5_000 },
    );
  });

  it('of more than one word of bits as well', () => {
    const long = fc.tuple(near(['a', 'b', '/'], 90), near(['?', '*', '**', 'a', '/'], 6), near(['a', '/'], 70));
    fc.assert(
      fc.property(long, fc.array(near(['a', 'b', '/'], 8), { maxLength: 6 }), ([before, middle, after], fillings) => {
        const glob = before + middle + after;
        let next = 0;
        const url = before + middle.replace(/\*+|\?/g, () => fillings[next++] ?? 'b') + after;
        expect(compileGlob(glob)(url)).toBe(naive(glob).test(url));
      }),
      { numRuns: 2_000 },
    );
  });

  it('take no longer for being written to take for ever', () => {
    const url = `https://a.example/${'a'.repeat(8_000)}`;
    expect(compileGlob(`https://a.example/${'**a'.repeat(2_700)}**b`)(url)).toBe(false);
    expect(compileGlob(`https://a.example/${'**a'.repeat(2_700)}**`)(url)).toBe(true);
    expect(compileGlob(`https://a.example/${'*a'.repeat(4_000)}*?`)(url)).toBe(true);
  });
});
