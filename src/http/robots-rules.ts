/** robots.txt as rules for one product (RFC 9309), written to survive whatever stands in such files. */
import type { RobotsAnswer } from '#core/ports.ts';
import { productToken } from './user-agent.ts';

export interface RobotsRules {
  /** @param url of this origin. */
  check(url: URL): Extract<RobotsAnswer, { kind: 'allowed' | 'disallowed' }>;
  /** Of the group that holds for this product. Not part of the RFC, common in the field. */
  crawlDelaySeconds: number | undefined;
  /** Sitemap lines in file order, whatever group they stand in; as written, not checked. */
  sitemaps: string[];
}

interface Rule {
  allow: boolean;
  /** As written, for people. */
  text: string;
  /** Literal pieces between `*`; normalised. */
  pieces: string[];
  anchored: boolean;
  length: number;
}
interface Group {
  named: boolean;
  rules: Rule[];
  crawlDelaySeconds: number | undefined;
}

/** RFC 9309 §2.5: at least 500 KiB are parsed; here exactly that much, cut at a line end. */
const PARSED_BYTES_MAX = 500 * 1024;

/** Spellings that are common enough for the large crawlers to accept them. */
type Key = 'agent' | 'allow' | 'disallow' | 'delay' | 'sitemap';
const KEYS = new Map<string, Key>([
  ['user-agent', 'agent'],
  ['useragent', 'agent'],
  ['user agent', 'agent'],
  ['allow', 'allow'],
  ['disallow', 'disallow'],
  ['dissallow', 'disallow'],
  ['crawl-delay', 'delay'],
  ['crawldelay', 'delay'],
  ['sitemap', 'sitemap'],
  ['site-map', 'sitemap'],
]);

/**
 * Groups that name the product are merged; only without one do the `*` groups hold. `userAgent` is a full User-Agent or
 * a product token, matched without regard to case.
 */
export function parseRobots(source: string | Uint8Array, userAgent: string): RobotsRules {
  const token = productToken(userAgent);
  const own: Group = { named: false, rules: [], crawlDelaySeconds: undefined };
  const all: Group = { named: false, rules: [], crawlDelaySeconds: undefined };
  const sitemaps: string[] = [];
  let current = new Set<Group>();
  let inRules = false;
  for (const { key, value } of lines(textOf(source))) {
    if (key === 'agent') {
      if (inRules) current = new Set();
      inRules = false;
      const group = /^\*(?:\s|$)/.test(value) ? all : token !== '' && productToken(value) === token ? own : undefined;
      if (group === undefined) continue;
      group.named = true;
      current.add(group);
    } else if (key === 'sitemap') {
      if (value !== '') sitemaps.push(value);
    } else if (key === 'delay') {
      const seconds = Number(value);
      if (value !== '' && seconds >= 0 && Number.isFinite(seconds))
        for (const group of current) group.crawlDelaySeconds = seconds;
    } else {
      inRules = true;
      if (value !== '') for (const group of current) group.rules.push(ruleOf(key === 'allow', value));
    }
  }
  return rulesOf(own.named ? own : all, sitemaps);
}

function rulesOf(group: Group, sitemaps: string[]): RobotsRules {
  // Longest first, allow before disallow of equal length: the first that matches decides.
  const rules = group.rules.sort((a, b) => b.length - a.length || Number(b.allow) - Number(a.allow));
  const { crawlDelaySeconds } = group;
  const allowed = { kind: 'allowed' as const, ...(crawlDelaySeconds === undefined ? {} : { crawlDelaySeconds }) };
  return {
    crawlDelaySeconds,
    sitemaps,
    check({ pathname, search }) {
      if (rules.length === 0 || pathname === '/robots.txt') return allowed;
      const path = normalise(pathname + search)
        .replaceAll('*', '%2A')
        .replaceAll('$', '%24');
      const rule = rules.find((candidate) => matches(candidate, path));
      return rule === undefined || rule.allow ? allowed : { kind: 'disallowed', rule: `Disallow: ${rule.text}` };
    },
  };
}

function ruleOf(allow: boolean, text: string): Rule {
  const anchored = text.endsWith('$');
  const pattern = anchored ? text.slice(0, -1) : text;
  // A path without its slash is meant from the root; matched literally it would never hold.
  const rooted = /^[/*]/.test(pattern) ? pattern : `/${pattern}`;
  const normal = normalise(rooted).replaceAll('$', '%24');
  return {
    allow,
    text: text.slice(0, 200),
    anchored,
    pieces: normal.split(/\*+/),
    length: normal.length + Number(anchored),
  };
}

/** Leftmost matching of the pieces: linear in the path for each piece, never exponential. */
function matches({ pieces, anchored }: Rule, path: string): boolean {
  const [first = '', ...rest] = pieces;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = anchored ? rest.pop() : undefined;
  if (anchored && last === undefined) return at === path.length;
  for (const piece of rest) {
    const found = path.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return last === undefined || (path.length - last.length >= at && path.endsWith(last));
}

/**
 * One spelling for equal paths (RFC 9309 §2.2.2): unreserved characters bare, all else that was encoded in upper-case
 * hex, non-ASCII as UTF-8. In a query `:` and `/` are equal to their encoded forms, as the RFC's examples want it.
 */
function normalise(path: string): string {
  const encoded = path
    .replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
      const char = String.fromCharCode(parseInt(hex, 16));
      return /[A-Za-z0-9\-._~]/.test(char) ? char : escape.toUpperCase();
    })
    .replace(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text.toWellFormed()));
  const query = encoded.indexOf('?');
  if (query < 0) return encoded;
  return encoded.slice(0, query) + encoded.slice(query).replaceAll('%3A', ':').replaceAll('%2F', '/');
}

function* lines(text: string): Generator<{ key: Key; value: string }> {
  for (const line of text.split(/\r\n|\r|\n/)) {
    const bare = line.replace(/#.*$/s, '');
    const colon = bare.indexOf(':');
    if (colon < 0) continue;
    const key = KEYS.get(bare.slice(0, colon).trim().toLowerCase());
    if (key !== undefined) yield { key, value: bare.slice(colon + 1).trim() };
  }
}

function textOf(source: string | Uint8Array): string {
  const bytes = typeof source === 'string' ? Buffer.from(source) : source;
  const text = new TextDecoder().decode(bytes.subarray(0, PARSED_BYTES_MAX));
  if (bytes.length <= PARSED_BYTES_MAX) return text;
  return text.slice(0, Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1);
}
