/** Sitemaps and indexes of sitemaps, walked depth first with one document in memory at a time. */
import { SITEMAP_DEPTH_MAX } from '#core/limits.ts';
import type { FailReason } from '#core/ledger.ts';
import type { FetchResult } from '#core/ports.ts';
import { parseRobots } from './robots-rules.ts';
import { DocumentError, readDocument } from './sitemap-document.ts';

export type SitemapSpec = { url: string } | { robots: string };
export type SitemapEntry =
  | { kind: 'url'; url: string }
  /** A sitemap named by an index or by robots.txt could not be read; `url` is its address. */
  | { kind: 'failed'; url: string; reason: FailReason; detail: string };

/** The sitemap, or the robots.txt, that everything else hangs from cannot be read. */
export class SitemapError extends Error {
  override readonly name = 'SitemapError';
  readonly reason: FailReason;
  readonly detail: string;
  constructor(reason: FailReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

type Fetch = (url: string) => Promise<FetchResult>;

/**
 * Every page named, in document order, duplicates included. A sitemap that is valid and empty yields nothing; a
 * robots.txt that names no sitemap throws. What was yielded before a `SitemapError` or a failed child stays true.
 */
export async function* readSitemap(spec: SitemapSpec, fetch: Fetch): AsyncGenerator<SitemapEntry> {
  const walk = new Walk(fetch);
  if ('url' in spec) yield* walk.root(spec.url);
  else for (const url of await sitemapsOfRobots(spec.robots, fetch)) yield* walk.child(url, 0);
}

class Walk {
  readonly #fetch: Fetch;
  readonly #visited = new Set<string>();

  constructor(fetch: Fetch) {
    this.#fetch = fetch;
  }

  async *root(url: string): AsyncGenerator<SitemapEntry> {
    try {
      yield* this.#document(url, 0);
    } catch (error) {
      throw error instanceof DocumentError ? new SitemapError(error.reason, error.message) : error;
    }
  }

  async *child(url: string, depth: number): AsyncGenerator<SitemapEntry> {
    try {
      if (depth > SITEMAP_DEPTH_MAX) {
        throw new DocumentError('extract', `sitemap indexes are nested more than ${SITEMAP_DEPTH_MAX} deep`);
      }
      yield* this.#document(url, depth);
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      yield { kind: 'failed', url, reason: error.reason, detail: error.message };
    }
  }

  async *#document(url: string, depth: number): AsyncGenerator<SitemapEntry> {
    const key = URL.parse(url)?.href ?? url;
    if (this.#visited.has(key)) return;
    this.#visited.add(key);
    const children: string[] = [];
    const { body, headers, finalUrl } = await fetched(url, this.#fetch);
    const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(headers['content-type'] ?? '')?.[1];
    for await (const named of readDocument(body, charset, finalUrl)) {
      if (named.kind === 'url') yield { kind: 'url', url: named.url };
      else children.push(named.url);
    }
    for (const child of children) yield* this.child(child, depth + 1);
  }
}

async function sitemapsOfRobots(url: string, fetch: Fetch): Promise<string[]> {
  const root = URL.parse('/robots.txt', url);
  if (root === null) throw new SitemapError('extract', 'the address of robots.txt is no URL');
  try {
    const { body, finalUrl } = await fetched(root.href, fetch);
    const named = parseRobots(body, '').sitemaps.flatMap((line) => URL.parse(line, finalUrl)?.href ?? []);
    if (named.length === 0) throw new DocumentError('extract', 'robots.txt names no sitemap');
    return named;
  } catch (error) {
    throw error instanceof DocumentError ? new SitemapError(error.reason, error.message) : error;
  }
}

async function fetched(url: string, fetch: Fetch): Promise<Extract<FetchResult, { ok: true }>> {
  const result = await fetch(url);
  if (result.ok) {
    if (result.status >= 200 && result.status < 300) return result;
    throw new DocumentError('status', `status ${result.status}`);
  }
  // Two endings of a fetch are no ledger reasons: a redirect robots.txt forbids, and a planner that is being stopped.
  if (result.reason === 'disallowed')
    throw new DocumentError('redirects', `disallowed by robots.txt: ${result.detail}`);
  if (result.reason === 'aborted') throw new DocumentError('timeout', 'aborted');
  throw new DocumentError(result.reason, result.detail);
}
