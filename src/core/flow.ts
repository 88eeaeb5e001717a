/**
 * Who may have how many workers. A tenant takes a place before it claims a shard, and gives it up afterwards; what finds no
 * place is put aside in the tenant's backlog, from which whoever leaves sends the next. So a tenant with a million targets
 * has as many messages under way as it has places, and another one's hundred find the queue short and workers free.
 *
 * Places are shares by weight of what the stage has, among the tenants that are active, with some kept back for whoever comes
 * next. All of this decides how fast, never whether: a place that leaks is taken back, and a shard that is forgotten in a
 * backlog is sent again by the sweep like any other whose message got lost.
 */
import { ACTIVE_MS, ACTIVE_REFRESH_MS, BACKLOG_SKIPS_MAX, LEASE_MS } from './limits.ts';
import { activeKey, backlogKey, backlogOf, parseShardId, placesKey, shardKey } from './names.ts';
import { quotasOf } from './quotas.ts';
import { asBacklog, asItem, asShard, type RunRow, type TenantRow } from './rows.ts';
import { readRun } from './store.ts';
import type { Context } from './context.ts';
import type { Attr, Item, ShardMessage } from './ports.ts';

export type FlowPorts = Pick<Context, 'region' | 'table' | 'queue' | 'clock' | 'workersMax'>;

const PLACE = 'p_';
const ACTIVE = 't_';
const placeOf = ({ runId, shardId }: ShardMessage): string => `${PLACE}${runId}_${shardId}`;
/** Attributes with a prefix, without it. */
const entries = (item: Item | undefined, prefix: string): [name: string, value: Attr][] =>
  Object.entries(item ?? {}).flatMap(([name, value]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), value] as [string, Attr]] : [],
  );

/**
 * Places of one tenant. An eighth of the workers, one at least, is kept for a tenant that has none yet; nobody gets less
 * than one.
 * @param others weights of the other tenants that are active.
 */
export function shareOf(workers: number, weight: number, others: readonly number[], quota: number | null): number {
  const shared = workers - Math.max(1, Math.floor(workers / 8));
  const all = others.reduce((sum, each) => sum + each, weight);
  return Math.max(1, Math.min(Math.floor((shared * weight) / all), quota ?? Infinity));
}

/** The tenant's places, and the word that it is active. */
export async function placesFor(ports: FlowPorts, tenant: TenantRow): Promise<number> {
  const { table, region, clock, workersMax } = ports;
  const [now, weight] = [clock.now(), tenant.weight ?? 1];
  const known = entries(await table.get(activeKey(region)), ACTIVE) as [string, [weight: number, seenAt: number]][];
  const [own] = known.filter(([name]) => name === tenant.tenant);
  const gone = known.filter(([, [, seenAt]]) => seenAt < now - ACTIVE_MS);
  if (own === undefined || own[1][1] < now - ACTIVE_REFRESH_MS || own[1][0] !== weight)
    await table.update(activeKey(region), {
      set: { kind: 'active', [ACTIVE + tenant.tenant]: [weight, now] },
      remove: gone.map(([name]) => ACTIVE + name).filter((name) => name !== ACTIVE + tenant.tenant),
    });
  const others = known.filter((each) => each[0] !== tenant.tenant && !gone.includes(each));
  return shareOf(
    workersMax,
    weight,
    others.map(([, [each]]) => each),
    quotasOf(tenant).workers,
  );
}

/** `had` = this shard has a place already: its message came twice, or its worker died. */
export async function takePlace(
  ports: FlowPorts,
  message: ShardMessage,
  places: number,
): Promise<'taken' | 'had' | 'full'> {
  const { table, region, clock } = ports;
  const { tenant } = message;
  const key = placesKey(tenant, region);
  const name = placeOf(message);
  for (let tries = 1; ; tries++) {
    const write = await table.update(
      key,
      { set: { kind: 'places', tenant, [name]: clock.now() }, add: { count: 1 } },
      { all: [{ absent: name }, { any: [{ absent: 'count' }, { lt: ['count', places] }] }] },
    );
    if (write.ok) return 'taken';
    if (write.item?.[name] !== undefined) return 'had';
    if (tries === 2 || !(await takeBackOldest(ports, tenant, write.item))) return 'full';
  }
}

/** A worker that died has left its place: one look at the oldest whenever there is none to be had. */
async function takeBackOldest(ports: FlowPorts, tenant: string, item: Item | undefined): Promise<boolean> {
  const { table, region, clock } = ports;
  const [oldest] = (entries(item, PLACE) as [string, number][]).sort(([, a], [, b]) => a - b);
  if (oldest === undefined || oldest[1] > clock.now() - LEASE_MS) return false;
  const [name, at] = oldest;
  const [runId = '', shardId = ''] = name.split('_');
  const found = await table.get(shardKey(tenant, runId, shardId));
  const shard = found && asShard(found);
  if (shard?.state === 'LEASED' && shard.leaseUntil > clock.now()) return false;
  const remove = { remove: [PLACE + name], add: { count: -1 } };
  return (await table.update(placesKey(tenant, region), remove, { eq: [PLACE + name, at] })).ok;
}

/** Gives the place up and sends the next that waits for one. */
export async function leavePlace(ports: FlowPorts, message: ShardMessage): Promise<void> {
  const { table, region } = ports;
  const { tenant } = message;
  const name = placeOf(message);
  const write = await table.update(
    placesKey(tenant, region),
    { remove: [name], add: { count: -1 } },
    { present: name },
  );
  const sent = await passOn(ports, tenant);
  if (sent || !write.ok || write.item.count !== 0) return;
  await table.update(activeKey(region), { remove: [ACTIVE + tenant] });
}

/** Into the backlog. Doing it again changes nothing. */
export async function putAside(ports: FlowPorts, run: RunRow, shardId: string): Promise<void> {
  const { tenant, runId, priority = 'normal' } = run;
  const key = backlogKey(tenant, ports.region, { priority, index: parseShardId(shardId).index, runId, shardId });
  await ports.table.put(asItem({ ...key, kind: 'backlog', tenant, runId, shardId }));
}

/** Puts a shard aside that found no place, unless one has become free meanwhile: then nobody may be left to send it. */
export async function defer(ports: FlowPorts, run: RunRow, shardId: string, places: number): Promise<void> {
  await putAside(ports, run, shardId);
  const item = await ports.table.get(placesKey(run.tenant, ports.region));
  if (typeof item?.count !== 'number' || item.count < places) await passOn(ports, run.tenant);
}

/** Sends the first of the backlog whose run still goes. False when there is none. */
export async function passOn(ports: FlowPorts, tenant: string): Promise<boolean> {
  const { table, region, queue } = ports;
  for (let skips = 0; skips < BACKLOG_SKIPS_MAX; skips++) {
    const { items } = await table.query({ ...backlogOf(tenant, region), limit: 1 });
    const [first] = items.map(asBacklog);
    if (first === undefined) return false;
    const { pk, sk, runId, shardId } = first;
    const run = await readRun(table, tenant, runId);
    // Sent before it is struck off: whoever dies in between has sent it, and it is sent again.
    if (run?.state === 'RUNNING') await queue.send([{ v: 1, tenant, runId, shardId }]);
    const mine = await table.delete({ pk, sk }, { present: 'pk' });
    if (run?.state === 'RUNNING' && mine.ok) return true;
  }
  return false;
}
