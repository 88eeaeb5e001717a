/** The outgoing ports on the simulated site: fetching, robots.txt, extraction, sitemaps. */
import { bytesOf } from '#core/json.ts';
import { SourceFailure, type CompileExtractor, type Outgoing, type ReadSitemap } from '#core/context.ts';
import type { Fetcher, FetchRequest, FetchResult, Robots, RobotsAnswer } from '#core/ports.ts';
import { NEVER, pass, type Actor } from './actor.ts';
import { DISALLOWED, START_MS, type Body, type Site } from './site.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface WebWatch {
  /** A request leaves. */
  requested(actor: Actor, url: string): void;
  /** Its answer is there, and its sender to take it. */
  answered(actor: Actor, url: string, result: FetchResult): void;
  /** A worker reads a page that kills. */
  poisoned(actor: Actor): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function fetcherOf(actor: Actor, site: Site, clock: VirtualClock, watch: WebWatch): Fetcher {
  return {
    close: () => Promise.resolve(),
    whenQuiet: async (_bytes, job) => job(),
    fetch: async (request, signal) => {
      if (actor.isGone) return NEVER();
      if (signal?.aborted) return aborted(request);
      watch.requested(actor, request.url);
      if (actor.isGone) return NEVER();
      const answer = site.answer(request.url, clock.now() - START_MS);
      const ms = answer.status === 'timeout' ? request.timeoutMs : Math.min(answer.ms, request.timeoutMs);
      await pass(actor, clock, ms, signal);
      if (actor.isGone) return NEVER();
      const result = signal?.aborted ? aborted(request) : resultOf(request, answer, ms);
      watch.answered(actor, request.url, result);
      return result;
    },
  };
}

const aborted = ({ url }: FetchRequest): FetchResult => ({
  ok: false,
  reason: 'aborted',
  detail: 'aborted',
  finalUrl: url,
  ms: 0,
});

function resultOf({ url }: FetchRequest, answer: ReturnType<Site['answer']>, ms: number): FetchResult {
  const { status, headers, body } = answer;
  if (status === 'timeout') return { ok: false, reason: 'timeout', detail: 'no answer', finalUrl: url, ms };
  const bytes = encoder.encode(body);
  const exchange = { redirects: 0, wireBytes: bytes.length, ms };
  return { ok: true, status, finalUrl: url, headers, body: bytes, ...exchange };
}

/** As the real one: one question per origin and worker, 4xx allows everything, 5xx nothing. */
function robotsOf(): Robots {
  const known = new Map<string, Promise<FetchResult>>();
  return {
    check: async (url, _userAgent, fetch): Promise<RobotsAnswer> => {
      const { origin, pathname } = new URL(url);
      const asking = known.get(origin) ?? fetch(`${origin}/robots.txt`);
      known.set(origin, asking);
      let result: FetchResult;
      try {
        result = await asking;
      } catch (error) {
        known.delete(origin);
        throw error;
      }
      if (result.ok && result.status < 500) {
        const rule = result.status === 200 ? decoder.decode(result.body) : '';
        return rule !== '' && pathname.startsWith(rule)
          ? { kind: 'disallowed', rule: `Disallow: ${DISALLOWED}` }
          : { kind: 'allowed' };
      }
      known.delete(origin);
      const detail = result.ok ? `HTTP ${String(result.status)}` : result.detail;
      return { kind: 'unreachable', reason: 'robotsUnreachable', detail };
    },
  };
}

export function outgoingOf(actor: Actor, site: Site, clock: VirtualClock, watch: WebWatch): Outgoing {
  return {
    fetcher: fetcherOf(actor, site, clock, watch),
    robots: robotsOf(),
    userAgent: 'Gleaner/sim',
    loadDomainOf: () => Promise.resolve((hostname) => hostname.split('.').slice(-2).join('.')),
    addressOf: () => Promise.resolve(site.address),
  };
}

/** Reads the bodies that `Site` writes. */
export const compilerOf =
  (actor: Actor, site: Site, watch: WebWatch): CompileExtractor =>
  ({ links, next }) =>
    Promise.resolve({
      extract: ({ body }) => {
        const page = JSON.parse(decoder.decode(body)) as Body;
        if (page.kind === 'poison') {
          watch.poisoned(actor);
          throw new Error('a poisoned page was read by one who survived it');
        }
        if (page.kind === 'garbled') return { ok: false, reason: 'extract', detail: 'garbled' };
        return {
          ok: true,
          records: site.recordsOf(page).map(bytesOf),
          links: links === undefined ? [] : page.links,
          ...(next !== undefined && page.next !== undefined && { next: page.next }),
        };
      },
    });

/** A sitemap is a page whose links are its entries. */
export const readSitemap: ReadSitemap = async function* (spec, fetch) {
  if ('robots' in spec) throw new SourceFailure('the simulation has no sitemaps in robots.txt');
  const result = await fetch(spec.url);
  if (!result.ok || result.status !== 200) throw new SourceFailure('the sitemap cannot be read');
  for (const url of (JSON.parse(decoder.decode(result.body)) as Body).links) yield { kind: 'url', url };
};
