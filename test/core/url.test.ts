import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalUrl, compileFilter, compileScope, hostOf, identify, isPlainUrl, targetIdentity } from '#core/url.ts';

describe('canonicalUrl', () => {
  it.each([
    ['HTTP://A.Example:80/x/../y?b=2&a=1#frag', 'http://a.example/y?b=2&a=1'],
    ['https://a.example', 'https://a.example/'],
    ['https://a.example:8443/', 'https://a.example:8443/'],
    ['https://a.example/%7euser/%e4%2f', 'https://a.example/~user/%E4%2F'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
    [' https://a.example/x ', 'https://a.example/x'],
  ])('%s → %s', (given, expected) => {
    expect(canonicalUrl(given)).toBe(expected);
  });
  it.each(['ftp://a.example/', 'javascript:1', '/x', '', 'https://', 'mailto:a@b.example'])('refuses %j', (given) => {
    expect(canonicalUrl(given)).toBeUndefined();
  });
  it('is the same when done twice', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const once = canonicalUrl(url);
        expect(once).toBeDefined();
        expect(canonicalUrl(once ?? '')).toBe(once);
      }),
    );
  });
});

describe('identify', () => {
  const piece = fc.constantFrom(
    ...[
      'http',
      's',
      '://',
      'a',
      'b-c',
      '.',
      '..',
      '/',
      './',
      '-',
      'xn--',
      'example',
      '1',
      '0x7f',
      'A',
      '%7e',
      '?',
      '=',
      '&',
      '#',
      ':',
      '80',
      '@',
      '~',
      '_',
      ' ',
      'ü',
      '\\',
      '\n',
    ],
  );
  it('finds the same without parsing what is plain', () => {
    const near = fc.array(piece, { maxLength: 8 }).map((pieces) => `https://a.example/${pieces.join('')}`);
    const hosts = fc.array(piece, { maxLength: 6 }).map((pieces) => `http://${pieces.join('')}/x`);
    fc.assert(
      fc.property(fc.oneof(near, hosts, fc.webUrl({ withQueryParameters: true })), (url) => {
        const canonical = canonicalUrl(url);
        const known = identify({ url });
        expect(known?.url).toBe(canonical);
        expect(known?.host).toBe(canonical && hostOf(canonical));
      }),
      { numRuns: 2_000 },
    );
  });
  it.each([
    ['https://a.example/x/page-1.html?a=1&b=~', true],
    ['https://www.a-b.example/', true],
    ['https://a.example/x/../y', false],
    ['https://a.example/.well-known', false],
    ['https://a.example', false],
    ['https://a.example:443/', false],
    ['https://10.0.0.1/', false],
    ['https://xn--bcher-kva.example/', false],
    ['https://a.example/%7e', false],
  ])('%s is plain: %s', (url, isPlain) => {
    expect(isPlainUrl(url)).toBe(isPlain);
  });

  it('is plain exactly where the grammar of plain URLs says so', () => {
    const label = '(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
    const path = '(?:[A-Za-z0-9\\-_~/=]|(?<!/)\\.)*';
    const grammar = new RegExp(
      `^https?://${label}(?:\\.${label})*\\.[a-z]{2,63}/${path}(?:\\?[A-Za-z0-9\\-._~/=&]*)?$`,
    );
    const piece = fc.constantFrom(
      'a',
      'bc',
      'xn--',
      '-',
      '.',
      '..',
      '/',
      '?',
      '=',
      '%',
      '9',
      ':',
      'é',
      'Z',
      '~',
      '@',
      ' ',
    );
    const any = fc
      .tuple(fc.constantFrom('https://', 'http://', 'ftp://'), fc.array(piece, { maxLength: 9 }))
      .map(([scheme, pieces]) => `${scheme}${pieces.join('')}`);
    const near = fc
      .tuple(any, fc.constantFrom('', 'a.bc/', 'x-1.example/', 'a.b9/'))
      .map(([url, name]) => url.replace('://', `://${name}`));
    fc.assert(
      fc.property(near, (url) => isPlainUrl(url) === grammar.test(url)),
      { numRuns: 3_000 },
    );
  });
});

describe('targetIdentity', () => {
  it('tells requests apart by method and body, not by how the URL is written', () => {
    const url = 'https://a.example/';
    expect(targetIdentity({ url: 'https://A.example/#x' })).toBe(targetIdentity({ url, method: 'get' }));
    const different = [
      { url },
      { url, method: 'POST' },
      { url, method: 'POST', body: 'a' },
      { url, method: 'POST', body: 'b' },
    ];
    expect(new Set(different.map(targetIdentity)).size).toBe(4);
  });
});

describe('filters', () => {
  it('exclude wins over include, and without include all is in', () => {
    const filter = compileFilter(['https://a.example/**'], ['**/private/**']);
    expect(filter('https://a.example/x')).toEqual({ keep: true });
    expect(filter('https://a.example/private/x')).toEqual({ keep: false, rule: 'exclude **/private/**' });
    expect(filter('https://b.example/x')).toEqual({ keep: false, rule: 'matches no include' });
    expect(compileFilter()('https://b.example/x').keep).toBe(true);
  });
});

describe('scope', () => {
  const domainOf = (host: string): string => host.split('.').slice(-2).join('.');
  it.each([
    ['host', 'https://a.example.org/docs/x', 'https://a.example.org/y', true],
    ['host', 'https://a.example.org/docs/x', 'https://b.example.org/y', false],
    ['host', 'http://127.0.0.1:81/', 'http://127.0.0.1:82/', false],
    ['domain', 'https://a.example.org/', 'https://b.example.org/y', true],
    ['domain', 'https://a.example.org/', 'https://other.test/', false],
    ['prefix', 'https://a.example.org/docs/x', 'https://a.example.org/docs/y/z', true],
    ['prefix', 'https://a.example.org/docs/x', 'https://a.example.org/y', false],
    ['any', 'https://a.example.org/', 'https://other.test/', true],
  ] as const)('%s of %s and %s: %s', (scope, seed, url, expected) => {
    expect(compileScope(scope, [seed], domainOf)(url)).toBe(expected);
  });
});

it('hostOf keeps a port that is not the scheme’s own', () => {
  expect([hostOf('http://A.example:80/x'), hostOf('http://a.example:81/x')]).toEqual(['a.example', 'a.example:81']);
});
