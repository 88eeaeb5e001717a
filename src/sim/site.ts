/** The web of one seed: hosts with pages that answer, fail, fail for a while, or kill whoever reads them. */
import { canonicalUrl } from '#core/url.ts';
import type { Dice } from './chance.ts';

/**
 * `ok`: answers. `flaky`: fails a few times first. `down`: fails until the site is mended. `gone`: 404. `garbled`: cannot be
 * extracted. `poison`: kills the worker that extracts it, until it is mended.
 */
export type PageKind = 'ok' | 'flaky' | 'down' | 'gone' | 'garbled' | 'poison';
export interface Page {
  url: string;
  kind: PageKind;
  /** How a failure looks. */
  failsBy: 'status' | 'retryAfter' | 'timeout';
  /** For `flaky`: requests that fail before one succeeds. */
  fails: number;
  ms: number;
  records: number;
  links: string[];
  next?: string;
}
export interface Host {
  name: string;
  /** `closed`: its robots.txt cannot be had. `flaky`: not at first. */
  robots: 'none' | 'rules' | 'flaky' | 'closed';
  robotsFails: number;
  slow: boolean;
  /** Bears so many requests per second and answers 429 above, with the time to wait where `tells`. */
  limit?: { perSecond: number; tells: 'nothing' | 'seconds' | 'date' };
  /** Answers nobody in this time, ms after the start. */
  silent?: { fromMs: number; untilMs: number };
}

/** When simulations begin, UTC ms. */
export const START_MS = Date.UTC(2026, 10, 23);
export const DISALLOWED = '/private/';
/** What the extractor of the simulation reads. */
export interface Body {
  url: string;
  kind: PageKind;
  records: number;
  links: string[];
  next?: string;
}
export interface SiteAnswer {
  status: number | 'timeout';
  headers: Record<string, string>;
  body: string;
  ms: number;
}

export class Site {
  /** All of its hosts are one machine. */
  readonly address = '192.0.2.1';
  readonly hosts: Host[] = [];
  readonly pages = new Map<string, Page>();
  #isMended = false;
  readonly #asked = new Map<string, number>();
  readonly #buckets = new Map<Host, { tokens: number; atMs: number }>();

  /** @param troubled share of pages and hosts that are not simply there. */
  constructor(dice: Dice, options: { hosts: number; pages: number; troubled: number; poison: number }) {
    for (let i = 0; i < options.hosts; i++) this.hosts.push(drawHost(dice, i, options.troubled));
    const urls = Array.from({ length: options.pages }, (_, i) => {
      const host = dice.pick(this.hosts).name;
      return `https://${host}${dice.is(options.troubled / 4) ? DISALLOWED : '/p/'}${String(i)}`;
    });
    for (const url of urls) this.pages.set(url, this.#draw(dice, url, urls, options));
    for (let i = 0; i < options.poison; i++) {
      const page = this.pages.get(dice.pick(urls));
      if (page) page.kind = 'poison';
    }
  }

  #draw(dice: Dice, url: string, urls: string[], { troubled }: { troubled: number }): Page {
    const kind = dice.is(troubled) ? dice.pick(['flaky', 'flaky', 'down', 'gone', 'garbled'] as const) : 'ok';
    const slow = this.hosts.find(({ name }) => url.includes(name))?.slow === true;
    return {
      url,
      kind,
      failsBy: dice.pick(['status', 'retryAfter', 'timeout']),
      fails: dice.whole(1, 2),
      ms: slow ? dice.between(500, 4_000) : dice.between(15, 250),
      records: dice.is(0.2) ? 0 : dice.whole(1, 3),
      links: Array.from({ length: dice.whole(0, 5) }, () => dice.pick(urls)),
    };
  }

  /** Pages in a row, each naming the next; the last names none, or one of those before. */
  chain(dice: Dice, length: number): string {
    const host = dice.pick(this.hosts).name;
    const url = (i: number): string => `https://${host}/chain/${String(i)}`;
    for (let i = 0; i < length; i++) {
      const next = i + 1 < length ? url(i + 1) : dice.is(0.3) ? url(dice.whole(0, length - 1)) : undefined;
      const kind = dice.is(0.1) ? 'flaky' : dice.is(0.03) ? dice.pick(['down', 'gone'] as const) : 'ok';
      const page: Page = {
        ...{ url: url(i), kind, failsBy: dice.pick(['status', 'timeout']), fails: 1 },
        ...{ ms: dice.between(15, 200), records: 1, links: [] },
      };
      this.pages.set(url(i), { ...page, ...(next !== undefined && { next }) });
    }
    return url(0);
  }

  /** A page that names others; when it is `down` its task cannot be planned. */
  sitemap(dice: Dice, links: string[]): string {
    const url = `https://${dice.pick(this.hosts).name}/sitemap.xml`;
    const kind = dice.pick(['ok', 'ok', 'flaky', 'flaky', 'down'] as const);
    const failsBy = dice.pick(['status', 'timeout'] as const);
    this.pages.set(url, { url, kind, failsBy, fails: 1, ms: dice.between(15, 900), records: 0, links });
    return url;
  }

  mend(): void {
    this.#isMended = true;
  }
  get isMended(): boolean {
    return this.#isMended;
  }

  hostOf(url: string): Host | undefined {
    const { host } = new URL(url);
    return this.hosts.find(({ name }) => name === host);
  }
  pageOf(url: string): Page | undefined {
    return this.pages.get(canonicalUrl(url) ?? url);
  }

  /** Records of a page, as the part must hold them. */
  recordsOf(page: Body | Page): { id: string; shared: string }[] {
    const path = new URL(page.url).pathname;
    return Array.from({ length: page.records }, (_, i) => ({
      id: `${page.url}#${String(i)}`,
      shared: `k${String((path.length * 7 + i + Number(/\d+$/.exec(path)?.[0] ?? 0)) % 23)}`,
    }));
  }

  /** @param atMs since the start. */
  answer(url: string, atMs: number): SiteAnswer {
    const refusal = this.#refused(url, atMs);
    if (refusal) return refusal;
    const asked = (this.#asked.get(url) ?? 0) + 1;
    this.#asked.set(url, asked);
    const { pathname } = new URL(url);
    if (pathname === '/robots.txt') return this.#robots(url, asked);
    const page = this.pageOf(url);
    if (page === undefined) return { status: 404, headers: {}, body: '', ms: 20 };
    const { ms } = page;
    const kind = this.#isMended && (page.kind === 'down' || page.kind === 'poison') ? 'ok' : page.kind;
    if (kind === 'gone') return { status: 404, headers: {}, body: '', ms };
    if (kind === 'down' || (kind === 'flaky' && asked <= page.fails)) return failing(page);
    const { records, links, next } = page;
    const body: Body = { url: page.url, kind, records, links, ...(next !== undefined && { next }) };
    return { status: 200, headers: {}, body: JSON.stringify(body), ms };
  }

  /** The host as a whole lets nobody in. */
  #refused(url: string, atMs: number): SiteAnswer | undefined {
    const host = this.hostOf(url);
    const { silent, limit } = host ?? {};
    if (silent && atMs >= silent.fromMs && atMs < silent.untilMs)
      return { status: 'timeout', headers: {}, body: '', ms: 0 };
    // A 429 for robots.txt would allow everything, as every 4xx does.
    if (host === undefined || limit === undefined || url.endsWith('/robots.txt')) return undefined;
    const bucket = this.#buckets.get(host) ?? { tokens: limit.perSecond, atMs };
    const tokens = Math.min(limit.perSecond, bucket.tokens + ((atMs - bucket.atMs) / 1_000) * limit.perSecond);
    this.#buckets.set(host, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs });
    if (tokens >= 1) return undefined;
    const date = new Date(Math.ceil((START_MS + atMs) / 1_000 + 1) * 1_000).toUTCString();
    const after = { nothing: undefined, seconds: '1', date }[limit.tells];
    return { status: 429, headers: after === undefined ? {} : { 'retry-after': after }, body: '', ms: 20 };
  }

  #robots(url: string, asked: number): SiteAnswer {
    const host = this.hostOf(url);
    const kind = host?.robots ?? 'none';
    if (kind === 'none') return { status: 404, headers: {}, body: '', ms: 20 };
    if (kind === 'closed' || (kind === 'flaky' && asked <= (host?.robotsFails ?? 0)))
      return { status: 503, headers: {}, body: '', ms: 40 };
    return { status: 200, headers: {}, body: DISALLOWED, ms: 20 };
  }
}

const drawHost = (dice: Dice, i: number, troubled: number): Host => ({
  name: `h${String(i)}.example`,
  robots: dice.is(troubled) ? dice.pick(['flaky', 'rules', 'closed', 'flaky'] as const) : dice.pick(['none', 'rules']),
  robotsFails: dice.whole(1, 2),
  slow: dice.is(troubled / 2),
  ...(dice.is(troubled) && {
    limit: { perSecond: dice.whole(2, 10), tells: dice.pick(['nothing', 'seconds', 'date'] as const) },
  }),
  ...(dice.is(troubled / 2) && drawSilence(dice)),
});

function drawSilence(dice: Dice): Pick<Host, 'silent'> {
  const fromMs = dice.between(2_000, 60_000);
  return { silent: { fromMs, untilMs: fromMs + dice.between(2_000, 90_000) } };
}

function failing({ failsBy, ms }: Page): SiteAnswer {
  if (failsBy === 'timeout') return { status: 'timeout', headers: {}, body: '', ms };
  return { status: 503, headers: failsBy === 'retryAfter' ? { 'retry-after': '3' } : {}, body: '', ms };
}
