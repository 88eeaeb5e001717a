/**
 * The robots.txt of each origin as RFC 9309 has it: 4xx allows everything, a server that fails or cannot be reached
 * allows nothing until it answers.
 */
import type { FailReason } from '#core/ledger.ts';
import { ROBOTS_CACHE_MS } from '#core/limits.ts';
import type { FetchResult, Robots, RobotsAnswer } from '#core/ports.ts';
import { parseRobots, type RobotsRules } from './robots-rules.ts';
import { productToken } from './user-agent.ts';

export { parseRobots, type RobotsRules } from './robots-rules.ts';

type Fetch = (url: string) => Promise<FetchResult>;
type Unreachable = Extract<RobotsAnswer, { kind: 'unreachable' }>;
type Known = RobotsRules | Unreachable;
interface Entry {
  known: Known | Promise<Known>;
  /** Set when the answer is there; until then the entry is shared by all who ask. */
  until: number;
  bytes: number;
}

/** An origin that cannot be asked is asked again this soon, so that retries see it recover. */
const UNREACHABLE_MS = 30_000;
const ORIGINS_MAX = 2_000;
/** All rules in memory together: robots files of 500 KB exist, and a wide crawl meets many. */
const CACHE_BYTES_MAX = 32 * 1024 * 1024;

/** These say that the host itself cannot be reached, which is the better story for the ledger. */
const OWN_REASON = new Set<string>(['dns', 'connect', 'tls', 'blockedAddress'] satisfies FailReason[]);

export interface RobotsOptions {
  /** UTC milliseconds. */
  now: () => number;
}

/**
 * `check` takes a full User-Agent or its product token. Concurrent checks of one origin share one fetch; its rejection
 * reaches all of them and is not remembered. The fetch passed in follows redirects and should take bodies well above
 * 500 KiB, of which the first 500 KiB count.
 */
export function createRobots(options: RobotsOptions): Robots {
  const cache = new RobotsCache(options.now);
  return {
    check(url, userAgent, fetch) {
      const target = URL.parse(url);
      if (target === null) return unreachable('robotsUnreachable', 'the target is no URL');
      if (target.pathname === '/robots.txt') return { kind: 'allowed' };
      const judged = (known: Known): RobotsAnswer => ('kind' in known ? known : known.check(target));
      const known = cache.get(target.origin, productToken(userAgent), fetch);
      return known instanceof Promise ? known.then(judged) : judged(known);
    },
  };
}

class RobotsCache {
  readonly #now: () => number;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get(origin: string, token: string, fetch: Fetch): Known | Promise<Known> {
    const key = `${origin} ${token}`;
    const hit = this.#entries.get(key);
    if (hit !== undefined && hit.until > this.#now()) {
      this.#entries.delete(key);
      this.#entries.set(key, hit);
      return hit.known;
    }
    this.#drop(key);
    return this.#load(key, origin, token, fetch);
  }

  #load(key: string, origin: string, token: string, fetch: Fetch): Promise<Known> {
    const entry: Entry = { known: ALLOW_ALL, until: Infinity, bytes: 0 };
    const asked = fetch(`${origin}/robots.txt`).then(
      (result) => {
        const { known, ms, bytes } = understand(result, token);
        entry.until = this.#now() + ms;
        entry.known = known;
        if (this.#entries.get(key) === entry) {
          entry.bytes = bytes;
          this.#bytes += bytes;
          this.#shrink();
        }
        return known;
      },
      (error: unknown) => {
        if (this.#entries.get(key) === entry) this.#drop(key);
        throw error;
      },
    );
    entry.known = asked;
    this.#entries.set(key, entry);
    this.#shrink();
    return asked;
  }

  #shrink(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= ORIGINS_MAX && this.#bytes <= CACHE_BYTES_MAX) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

const ALLOW_ALL = parseRobots('', '');

function understand(result: FetchResult, token: string): { known: Known; ms: number; bytes: number } {
  if (!result.ok)
    return { known: unreachableBy(result), ms: result.reason === 'aborted' ? 0 : UNREACHABLE_MS, bytes: 0 };
  const { status, body } = result;
  if (status >= 400 && status < 500) return { known: ALLOW_ALL, ms: ROBOTS_CACHE_MS, bytes: 0 };
  if (status < 200 || status >= 300) {
    return { known: unreachable('robotsUnreachable', `robots.txt: status ${status}`), ms: UNREACHABLE_MS, bytes: 0 };
  }
  return { known: parseRobots(body, token), ms: ROBOTS_CACHE_MS, bytes: body.length };
}

function unreachableBy(result: Extract<FetchResult, { ok: false }>): Unreachable {
  const reason = OWN_REASON.has(result.reason) ? (result.reason as FailReason) : 'robotsUnreachable';
  return unreachable(reason, `robots.txt: ${result.reason}: ${result.detail}`);
}

const unreachable = (reason: FailReason, detail: string): Unreachable => ({ kind: 'unreachable', reason, detail });
