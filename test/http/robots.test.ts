import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FailReason } from '#core/ledger.ts';
import type { FetchResult, RobotsAnswer } from '#core/ports.ts';
import { createRobots, parseRobots } from '#http/robots.ts';
import { DEFAULT_USER_AGENT, productToken } from '#http/user-agent.ts';

const ORIGIN = 'https://a.example';
const allows = (text: string | Uint8Array, path: string, agent = 'gleaner'): boolean =>
  parseRobots(text, agent).check(new URL(ORIGIN + path)).kind === 'allowed';
const group = (...rules: string[]): string => ['User-agent: *', ...rules].join('\n');

describe('paths', () => {
  it.each<[string[], string, boolean]>([
    [[], '/x', true],
    [['Disallow: /'], '/x', false],
    [['Disallow:'], '/x', true],
    [['Disallow: /a'], '/abc', false],
    [['Disallow: /a'], '/b/a', true],
    [['Disallow: /a/'], '/a', true],
    [['Disallow: /A'], '/a', true],
    // The longest match wins, allow wins a tie.
    [['Disallow: /', 'Allow: /p'], '/page', true],
    [['Allow: /p', 'Disallow: /'], '/page', true],
    [['Allow: /folder', 'Disallow: /folder'], '/folder/page', true],
    [['Allow: /page', 'Disallow: /*.htm'], '/page.htm', false],
    [['Allow: /$', 'Disallow: /'], '/', true],
    [['Allow: /$', 'Disallow: /'], '/page.htm', false],
    [['Allow: /page', 'Disallow: /*.ph'], '/page.php5', true],
    // Wildcards and the end mark.
    [['Disallow: /*.gif$'], '/a/b.gif', false],
    [['Disallow: /*.gif$'], '/a/b.gif?x', true],
    [['Disallow: /*/private'], '/x/y/private/z', false],
    [['Disallow: *.pdf'], '/a.pdf', false],
    [['Disallow: /a*b*c'], '/a-b-c-d', false],
    [['Disallow: /a*b*c'], '/a-c-b', true],
    [['Disallow: /a**b'], '/axb', false],
    [['Disallow: /ab*b$'], '/ab', true],
    [['Disallow: /a$b'], '/a$b', false],
    [['Disallow: /a%2Ab'], '/a*b', false],
    [['Disallow: /a%2Ab'], '/axb', true],
    [['Disallow: /q?*id='], '/q?x=1&id=2', false],
    // Encodings of one path are one path.
    [['Disallow: /%7euser'], '/~user', false],
    [['Disallow: /~user'], '/%7Euser', false],
    [['Disallow: /foo/bar/ツ'], '/foo/bar/%E3%83%84', false],
    [['Disallow: /foo/bar/%e3%83%84'], '/foo/bar/ツ', false],
    [['Disallow: /a%2fb'], '/a/b', true],
    [['Disallow: /a%2fb'], '/a%2Fb', false],
    [['Disallow: /foo/bar?baz=https://foo.bar'], '/foo/bar?baz=https%3A%2F%2Ffoo.bar', false],
    [['Disallow: /100%'], '/100%', false],
    // robots.txt itself is always there to be read; a rule without its slash is meant from the root.
    [['Disallow: /'], '/robots.txt', true],
    [['Disallow: private'], '/private/x', false],
  ])('%j on %s: %s', (rules, path, allowed) => {
    expect(allows(group(...rules), path)).toBe(allowed);
  });

  it('names the rule that forbids', () => {
    expect(parseRobots(group('Disallow: /a', 'Disallow: /a/b*'), 'x').check(new URL(`${ORIGIN}/a/bc`))).toEqual({
      kind: 'disallowed',
      rule: 'Disallow: /a/b*',
    });
  });

  it('many wildcards are matched in no time', () => {
    expect(allows(group(`Disallow: /${'*a'.repeat(2_000)}b`), `/${'a'.repeat(8_000)}`)).toBe(true);
  });

  it('agrees with a regular expression on every pattern', () => {
    const path = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 12 }).map((s) => `/${s}`);
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });
    fc.assert(
      fc.property(path, pattern, fc.boolean(), (p, raw, anchored) => {
        const source = `/${raw}`.replaceAll('*', '[^]*');
        const matches = new RegExp(`^${source}${anchored ? '$' : ''}`).test(p);
        expect(allows(group(`Disallow: /${raw}${anchored ? '$' : ''}`), p)).toBe(!matches);
      }),
      { numRuns: 500 },
    );
  });
});

describe('groups', () => {
  const text = [
    'User-agent: *',
    'Disallow: /all',
    'User-Agent: GLEANER/2.0',
    'user-agent: other',
    'Crawl-delay: 2.5',
    'Disallow: /one',
    '',
    'User-agent: third',
    'Disallow: /',
    'User-agent: gleaner',
    'Disallow: /two',
  ].join('\n');

  it.each<[string, string, boolean]>([
    ['gleaner', '/one', false],
    ['gleaner', '/two', false],
    ['gleaner', '/all', true],
    ['Gleaner/0.1 (web data collector)', '/one', false],
    ['other', '/one', false],
    ['other', '/two', true],
    ['third', '/x', false],
    ['gleanerbot', '/one', true],
    ['gleanerbot', '/all', false],
    ['', '/all', false],
  ])('%s on %s: %s', (agent, path, allowed) => {
    expect(allows(text, path, agent)).toBe(allowed);
  });

  it('an own group without rules allows everything', () => {
    expect(allows('User-agent: *\nDisallow: /\n\nUser-agent: gleaner\nDisallow:', '/x')).toBe(true);
  });

  it('rules before any group hold for nobody', () => {
    expect(allows('Disallow: /\nUser-agent: *\nDisallow: /b', '/a')).toBe(true);
  });

  it('other lines do not end a group', () => {
    const split =
      'User-agent: a\nSitemap: https://a.example/s.xml\nCrawl-delay: 3\nNoise: x\nUser-agent: gleaner\nDisallow: /x';
    expect(allows(split, '/x', 'a')).toBe(false);
    expect(allows(split, '/x')).toBe(false);
    expect(parseRobots(split, 'a').crawlDelaySeconds).toBe(3);
    expect(parseRobots(split, 'gleaner').crawlDelaySeconds).toBeUndefined();
  });

  it.each<[string, number | undefined]>([
    ['5', 5],
    ['0.5', 0.5],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['Infinity', undefined],
  ])('crawl-delay %s → %s', (value, seconds) => {
    expect(parseRobots(group(`Crawl-delay: ${value}`), 'x').crawlDelaySeconds).toBe(seconds);
  });
});

describe('files as they are', () => {
  it.each(['\n', '\r\n', '\r'])('line ends %j', (end) => {
    expect(allows(['User-agent: *', 'Disallow: /a'].join(end), '/a')).toBe(false);
  });
  it.each([
    '\uFEFFUser-agent: *\nDisallow: /a',
    '  USER-AGENT :  * # all\n\tdisallow:/a#b',
    'useragent: *\ndissallow: /a',
    '__proto__: x\nconstructor: y\nUser-agent: *\nDisallow: /a',
  ])('%j', (text) => {
    expect(allows(text, '/a')).toBe(false);
  });

  it('sitemap lines are kept in order, wherever they stand', () => {
    const text = 'Sitemap: https://a.example/1.xml\nUser-agent: z\nDisallow: /\nsitemap:https://a.example/2.xml # two';
    expect(parseRobots(text, 'x').sitemaps).toEqual(['https://a.example/1.xml', 'https://a.example/2.xml']);
  });

  it('500 KiB count; what is cut in two counts not at all', () => {
    const filler = `#${'x'.repeat(500 * 1024 - 30)}\n`;
    const text = `${filler}User-agent: *\nDisallow: /a\nDisallow: /b`;
    expect(allows(text, '/b')).toBe(true);
    expect(allows(`User-agent: *\nDisallow: /b\n${filler}`, '/b')).toBe(false);
  });

  it('never throws and answers for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.webPath(), (bytes, path) => {
        expect(['allowed', 'disallowed']).toContain(parseRobots(bytes, 'x').check(new URL(ORIGIN + path)).kind);
      }),
    );
  });
});

it('the product token is the first name of a User-Agent', () => {
  expect(productToken(DEFAULT_USER_AGENT)).toBe('gleaner');
  expect(productToken('Mozilla/5.0 (X11)')).toBe('mozilla');
  expect(productToken('  My-Bot_x 2')).toBe('my-bot_x');
  expect(productToken('4bot')).toBe('');
});

describe('createRobots', () => {
  const response = (status: number, text = ''): FetchResult => ({
    ok: true,
    status,
    finalUrl: `${ORIGIN}/robots.txt`,
    headers: {},
    body: Buffer.from(text),
    redirects: 0,
    wireBytes: text.length,
    ms: 1,
  });
  const failure = (reason: FailReason | 'disallowed' | 'aborted'): FetchResult => ({
    ok: false,
    reason,
    detail: 'why',
    finalUrl: `${ORIGIN}/robots.txt`,
    ms: 1,
  });

  class World {
    now = 0;
    fetched: string[] = [];
    answer: FetchResult = response(200, group('Disallow: /no', 'Crawl-delay: 2'));
    readonly #robots = createRobots({ now: () => this.now });
    async check(url: string, agent = DEFAULT_USER_AGENT): Promise<RobotsAnswer> {
      return this.#robots.check(url, agent, (robotsUrl) => {
        this.fetched.push(robotsUrl);
        return Promise.resolve(this.answer);
      });
    }
  }

  it('answers at once where the rules are at hand', async () => {
    const robots = createRobots({ now: () => 0 });
    const check = (path: string) =>
      robots.check(ORIGIN + path, 'x', () => Promise.resolve(response(200, group('Disallow: /no'))));
    const first = check('/yes');
    expect(first).toBeInstanceOf(Promise);
    expect(await first).toEqual({ kind: 'allowed' });
    expect(check('/yes')).toEqual({ kind: 'allowed' });
    expect(check('/no')).toEqual({ kind: 'disallowed', rule: 'Disallow: /no' });
  });

  it('asks once for each origin and keeps the answer for half a day', async () => {
    const world = new World();
    expect(await Promise.all([world.check(`${ORIGIN}/yes`), world.check(`${ORIGIN}/no`)])).toEqual([
      { kind: 'allowed', crawlDelaySeconds: 2 },
      { kind: 'disallowed', rule: 'Disallow: /no' },
    ]);
    world.now = 12 * 3600 * 1000 - 1;
    await world.check(`${ORIGIN}/yes`);
    expect(world.fetched).toEqual([`${ORIGIN}/robots.txt`]);
    await world.check('https://a.example:8443/x');
    expect(world.fetched[1]).toBe('https://a.example:8443/robots.txt');
    world.now = 12 * 3600 * 1000;
    await world.check(`${ORIGIN}/yes`);
    expect(world.fetched).toHaveLength(3);
  });

  it('robots.txt itself needs no asking', async () => {
    const world = new World();
    expect(await world.check(`${ORIGIN}/robots.txt`)).toEqual({ kind: 'allowed' });
    expect(world.fetched).toHaveLength(0);
  });

  it.each([400, 401, 403, 404, 410, 429, 451])('status %i allows all', async (status) => {
    const world = new World();
    world.answer = response(status, group('Disallow: /'));
    expect(await world.check(`${ORIGIN}/x`)).toEqual({ kind: 'allowed' });
  });

  it.each([500, 503, 302, 304])('status %i: unreachable, asked again after half a minute', async (status) => {
    const world = new World();
    world.answer = response(status);
    const answer = await world.check(`${ORIGIN}/x`);
    expect(answer).toMatchObject({ kind: 'unreachable', reason: 'robotsUnreachable' });
    world.answer = response(404);
    world.now = 29_999;
    expect(await world.check(`${ORIGIN}/x`)).toEqual(answer);
    world.now = 30_000;
    expect(await world.check(`${ORIGIN}/x`)).toEqual({ kind: 'allowed' });
  });

  it.each<[FailReason | 'disallowed', FailReason]>([
    ['dns', 'dns'],
    ['connect', 'connect'],
    ['tls', 'tls'],
    ['blockedAddress', 'blockedAddress'],
    ['timeout', 'robotsUnreachable'],
    ['redirects', 'robotsUnreachable'],
    ['decode', 'robotsUnreachable'],
    ['tooLarge', 'robotsUnreachable'],
    ['disallowed', 'robotsUnreachable'],
  ])('%s → %s', async (reason, answered) => {
    const world = new World();
    world.answer = failure(reason);
    expect(await world.check(`${ORIGIN}/x`)).toMatchObject({ kind: 'unreachable', reason: answered });
  });

  it('an aborted fetch is not remembered, a rejected one neither', async () => {
    const world = new World();
    world.answer = failure('aborted');
    expect((await world.check(`${ORIGIN}/x`)).kind).toBe('unreachable');
    world.answer = response(404);
    expect((await world.check(`${ORIGIN}/x`)).kind).toBe('allowed');

    const robots = createRobots({ now: () => 0 });
    const failing = robots.check(`${ORIGIN}/x`, 'x', () => Promise.reject(new Error('table down')));
    await expect(failing).rejects.toThrow('table down');
    expect(await robots.check(`${ORIGIN}/x`, 'x', () => Promise.resolve(response(404)))).toEqual({ kind: 'allowed' });
  });

  it('forgets the origins that were used least recently', async () => {
    const world = new World();
    world.answer = response(404);
    await world.check('https://kept.example/');
    for (let i = 0; i < 2_500; i++) {
      await world.check(`https://h${i}.example/`);
      await world.check('https://kept.example/');
    }
    expect(world.fetched.filter((url) => url.includes('kept'))).toHaveLength(1);
    await world.check('https://h0.example/');
    expect(world.fetched.filter((url) => url === 'https://h0.example/robots.txt')).toHaveLength(2);
  });
});
