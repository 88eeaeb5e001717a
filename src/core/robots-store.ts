/**
 * The robots.txt of an origin, fetched once for all workers, runs and tenants of a region: it is kept in the pace table,
 * beside the budget of the host that it is a part of. Without it every lease of a shard would ask again, and a worker whose
 * only slot went to robots.txt would park without having asked for a target.
 */
import { ROBOTS_CACHE_MS, ROBOTS_STORED_BYTES_MAX } from './limits.ts';
import { robotsKey } from './names.ts';
import type { Clock, FetchResult, Item, Table } from './ports.ts';

type Fetch = (url: string) => Promise<FetchResult>;

/** `fetch`, but what the region knows already is not asked for. The task's own headers must not have gone into it. */
export function throughStore(ports: { pace: Table; clock: Clock }, userAgent: string, fetch: Fetch): Fetch {
  const { pace, clock } = ports;
  return async (url) => {
    const key = robotsKey(new URL(url).origin, userAgent);
    const known = await pace.get(key);
    if (known !== undefined && Number(known.until) > clock.now()) return stored(known, url);
    const result = await fetch(url);
    if (!isLasting(result)) return result;
    const { status, body } = result;
    const until = clock.now() + ROBOTS_CACHE_MS;
    await pace.put({ ...key, status, body, until, expiresAt: Math.ceil(until / 1000) });
    return result;
  };
}

/** Failures and a host that is only busy (429) are asked again soon, and what is large is left to each worker: an item is read whole. */
const isLasting = (result: FetchResult): result is Extract<FetchResult, { ok: true }> =>
  result.ok && result.status < 500 && result.status !== 429 && result.body.byteLength <= ROBOTS_STORED_BYTES_MAX;

const stored = (item: Item, url: string): FetchResult => ({
  ok: true,
  status: Number(item.status),
  finalUrl: url,
  headers: {},
  body: item.body instanceof Uint8Array ? item.body : new Uint8Array(),
  redirects: 0,
  wireBytes: 0,
  ms: 0,
});
