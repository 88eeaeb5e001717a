/** Identity of targets: canonical URLs, hosts, scopes and globs. Pure; no lookup of any kind. */
import { createHash } from 'node:crypto';
import { compileGlob } from './glob.ts';
import { URL_CHARS_MAX } from './limits.ts';
import type { CrawlScope, RequestSpec } from './task.ts';

/**
 * The canonical form that decides whether two URLs are one target: WHATWG parsing (lower-case scheme and host, default
 * port and dot segments gone), no fragment, escapes in upper case and none for unreserved characters (RFC 3986 §6.2.2).
 * Query order is kept: servers may read meaning into it. Undefined when it is not an absolute http(s) URL.
 */
export function canonicalUrl(given: string): string | undefined {
  const url = parseHttp(given);
  if (url === undefined) return undefined;
  url.hash = '';
  return url.href.includes('%') ? url.href.replace(/%[0-9a-fA-F]{2}/g, normalEscape) : url.href;
}

function normalEscape(escape: string): string {
  const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9\-._~]/.test(char) ? char : escape.toUpperCase();
}

export function parseHttp(given: string): URL | undefined {
  const url = URL.parse(given);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url : undefined;
}

/**
 * The party a request budget belongs to: host name, and the port where it is not the scheme's own, since another port
 * is another server with a robots.txt of its own.
 */
export const hostOf = (url: string): string => parseHttp(url)?.host ?? '';

export const bodySha256 = (body: string): string => createHash('sha256').update(body).digest('hex');

/** Canonical URL, and for anything but a plain GET the method and the hash of the body. */
export const targetIdentity = (target: RequestSpec): string | undefined => identify(target)?.identity;

/** A target's canonical URL, its host and its identity. Undefined when its URL is no absolute http(s) URL. */
export function identify(target: RequestSpec): { url: string; host: string; identity: string } | undefined {
  const plain = plainHost(target.url);
  const url = plain === undefined ? canonicalUrl(target.url) : target.url;
  if (url === undefined) return undefined;
  const host = plain ?? hostOf(url);
  const method = (target.method ?? 'GET').toUpperCase();
  if (method === 'GET' && target.body === undefined) return { url, host, identity: url };
  const identity = `${method} ${url} ${target.body === undefined ? '' : bodySha256(target.body)}`;
  return { url, host, identity };
}

/**
 * URLs that are their own canonical form as anyone can see, which saves parsing most of a long list: a name of letters that
 * is no address and no Punycode, no port, a path of unreserved characters without a dot at the start of a segment.
 */
export const isPlainUrl = (url: string): boolean => plainHost(url) !== undefined;

/** The host of a plain URL; undefined when it is not plain. */
export function plainHost(url: string): string | undefined {
  const from = url.startsWith('https://') ? 8 : url.startsWith('http://') ? 7 : 0;
  if (from === 0 || url.length > URL_CHARS_MAX) return undefined;
  const end = endOfPlainName(url, from);
  return end > 0 && isPlainPath(url, end) ? url.slice(from, end) : undefined;
}

const [DASH, DOT, SLASH, QUESTION] = [45, 46, 47, 63];

/** Place of the slash behind a name whose last label is of letters; 0 when there is none. */
function endOfPlainName(url: string, from: number): number {
  let label = from;
  let isWord = true;
  for (let at = from; at < url.length; at++) {
    const char = url.charCodeAt(at);
    if (char >= 97 && char <= 122) continue;
    if (char === DASH || (char >= 48 && char <= 57)) {
      if (char === DASH && at === label) return 0;
      isWord = false;
      continue;
    }
    if (at === label || url.charCodeAt(at - 1) === DASH || url.startsWith('xn--', label)) return 0;
    if (char === SLASH) return label > from && isWord && at - label >= 2 && at - label <= 63 ? at : 0;
    if (char !== DOT) return 0;
    label = at + 1;
    isWord = true;
  }
  return 0;
}

const [IN_PATH, IN_QUERY] = [1, 2];
const PLAIN_CHARS = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  return (/[A-Za-z0-9\-_~/=.]/.test(char) ? IN_PATH : 0) | (/[A-Za-z0-9\-._~/=&]/.test(char) ? IN_QUERY : 0);
});

function isPlainPath(url: string, from: number): boolean {
  let where = IN_PATH;
  for (let at = from; at < url.length; at++) {
    const char = url.charCodeAt(at);
    if (char === QUESTION && where === IN_PATH) {
      where = IN_QUERY;
      continue;
    }
    if (((PLAIN_CHARS[char] ?? 0) & where) === 0) return false;
    if (char === DOT && where === IN_PATH && url.charCodeAt(at - 1) === SLASH) return false;
  }
  return true;
}

export type Filter = (canonical: string) => { keep: true } | { keep: false; rule: string };

/** Exclude wins over include; without any include everything is included. */
export function compileFilter(include: string[] = [], exclude: string[] = []): Filter {
  const compile = (globs: string[]) => globs.map((glob) => ({ glob, matches: compileGlob(glob) }));
  const [included, excluded] = [compile(include), compile(exclude)];
  return (url) => {
    const hit = excluded.find((rule) => rule.matches(url));
    if (hit) return { keep: false, rule: `exclude ${hit.glob}` };
    if (included.length === 0 || included.some((rule) => rule.matches(url))) return { keep: true };
    return { keep: false, rule: 'matches no include' };
  };
}

/**
 * Which links belong to a crawl.
 * @param domainOf registrable domain of a host name (public suffix list), the host itself where there is none.
 */
export function compileScope(
  scope: CrawlScope,
  seeds: string[],
  domainOf: (hostname: string) => string,
): (url: string) => boolean {
  const parsed = seeds.map(parseHttp).filter((url) => url !== undefined);
  if (scope === 'any') return () => true;
  if (scope === 'host') {
    const hosts = new Set(parsed.map((url) => url.host));
    return (url) => hosts.has(hostOf(url));
  }
  if (scope === 'domain') {
    const domains = new Set(parsed.map((url) => domainOf(url.hostname)));
    return (url) => domains.has(domainOf(parseHttp(url)?.hostname ?? ''));
  }
  const prefixes = parsed.map((url) => url.origin + url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1));
  return (url) => prefixes.some((prefix) => url.startsWith(prefix));
}
