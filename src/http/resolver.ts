/**
 * Host names to addresses, through the system's resolver so that /etc/hosts and the platform's rules hold.
 * Answers are kept for half a minute: getaddrinfo runs on four threads, and a crawl asks for the same name thousands
 * of times. Failures are not kept, since the retry is meant to see a recovery.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';

export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

const TTL_MS = 30_000;
const NAMES_MAX = 2_000;

const system: Resolve = (hostname) => systemLookup(hostname, { all: true });

/** Concurrent questions for one name share one answer. Rejects with the resolver's own error (`ENOTFOUND`, …). */
export function createResolver(lookup: Resolve = system, now: () => number = () => performance.now()): Resolve {
  const known = new Map<string, { addresses: Promise<LookupAddress[]>; until: number }>();
  return (hostname) => {
    const hit = known.get(hostname);
    if (hit !== undefined && hit.until > now()) return hit.addresses;
    known.delete(hostname);
    if (known.size >= NAMES_MAX) known.delete(known.keys().next().value ?? '');
    const addresses = lookup(hostname);
    const entry = { addresses, until: now() + TTL_MS };
    known.set(hostname, entry);
    addresses.catch(() => {
      if (known.get(hostname) === entry) known.delete(hostname);
    });
    return addresses;
  };
}
