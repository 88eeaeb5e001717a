/**
 * How many requests a tenant may still send to the API in this minute. Each sandbox takes a handful at a time from one row, so
 * that the quota costs a write for many requests; what it has taken and does not use is lost to the others until the minute
 * is over, never the other way round: the quota is not passed.
 */
import { allowanceKey } from '../names.ts';
import { quotasOf } from '../quotas.ts';
import { readTenant } from '../store.ts';
import type { Context } from '../context.ts';
import type { Condition } from '../ports.ts';
import type { Allowance } from '../operations.ts';

type Ports = Pick<Context, 'table' | 'clock'>;

const MINUTE_MS = 60_000;
/** A sixtieth of the quota at a time: a second's worth. */
const HANDFULS = 60;
/** Sandboxes that begin a minute at once: one of them wins each round. */
const TRIES = 5;

interface Held {
  minute: number;
  /** The quota as it was when the minute began. */
  limit: number | null;
  /** Taken and not used. */
  left: number;
  /** Of the quota, taken by all. */
  used: number;
}

/** Counts one request; `isOver` when there was none left for it. */
export function allowances(ports: Ports): (tenant: string) => Promise<Allowance> {
  const held = new Map<string, Held>();
  return async (tenant) => {
    const now = ports.clock.now();
    const minute = Math.floor(now / MINUTE_MS);
    let mine = held.get(tenant);
    if (mine?.minute !== minute) {
      const { requestsPerMinute: limit } = quotasOf(await readTenant(ports.table, tenant));
      mine = { minute, limit, left: 0, used: 0 };
      held.set(tenant, mine);
    }
    const resetSeconds = Math.ceil(((minute + 1) * MINUTE_MS - now) / 1000);
    if (mine.limit === null) return { isOver: false };
    if (mine.left === 0) await refill(ports, tenant, mine, mine.limit);
    const isOver = mine.left === 0;
    if (!isOver) mine.left--;
    return { isOver, limit: mine.limit, remaining: mine.limit - mine.used + mine.left, resetSeconds };
  };
}

async function refill({ table }: Ports, tenant: string, mine: Held, limit: number): Promise<void> {
  const key = allowanceKey(tenant);
  const { minute } = mine;
  const most = Math.max(1, Math.floor(limit / HANDFULS));
  for (let tries = 0, more = most; tries < TRIES && more > 0; tries++) {
    const within: Condition = { all: [{ eq: ['minute', minute] }, { lt: ['used', limit - more + 1] }] };
    const taken = await table.update(key, { set: { kind: 'allowance', tenant }, add: { used: more } }, within);
    if (taken.ok) return take(mine, more, Number(taken.item.used));
    const begun = Number(taken.item?.minute ?? -1);
    if (begun === minute) {
      mine.used = Number(taken.item?.used);
      more = Math.min(more, limit - mine.used);
      continue;
    }
    const anew: Condition = { any: [{ absent: 'minute' }, { lt: ['minute', minute] }] };
    const first = Math.min(more, limit);
    const began = await table.update(key, { set: { kind: 'allowance', tenant, minute, used: first } }, anew);
    if (began.ok) return take(mine, first, first);
  }
}

function take(mine: Held, more: number, used: number): void {
  mine.left += more;
  mine.used = used;
}
