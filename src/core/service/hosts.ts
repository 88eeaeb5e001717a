/**
 * Hosts as a tenant sees them. The record of a host's pace is shared by all tenants of a region, so two have a say: a tenant
 * over its own requests, an operator over everybody's. A tenant sees the pace of hosts that it has targets in, and of no other.
 */
import { Bounded } from '../bounded.ts';
import { HOST_SEEN_PREFIX, hostSeenKey, hostWordKey, isHost, tenantKey } from '../names.ts';
import { viewOf } from '../pace/explain.ts';
import { readHost, setOperatorWord, type OperatorWord } from '../pace/operator.ts';
import { readRecord, type HostRecord } from '../pace/record.ts';
import { HOST_WORDS_MAX, readTenantWord, readTenantWords, setTenantWord } from '../pace/words.ts';
import { asHostSeen, type HostSeenRow } from '../rows.ts';
import { iso, ok, paging, refuse } from './outcome.ts';
import { isOperator } from './tenants.ts';
import type { Context } from '../context.ts';
import type { Caller, HostScope, HostStatus, HostWord, Outcome, PageOf, PageRequest } from '../operations.ts';

export type HostPorts = Pick<Context, 'table' | 'pace' | 'clock'>;

/** Records read at a time for one page. */
const READS = 16;

const noHost = (host: string) =>
  refuse(404, 'No such host', `no targets and no cap of this tenant in ${JSON.stringify(host.slice(0, 80))}`);

/** Whoever may speak for everybody: an operator with an admin key. */
const speaksForAll = async (ports: HostPorts, caller: Caller): Promise<boolean> =>
  caller.scopes.includes('admin') && (await isOperator(ports, caller));

export async function listHosts(
  ports: HostPorts,
  caller: Caller,
  page: PageRequest,
): Promise<Outcome<PageOf<HostStatus>>> {
  return paging(async () => {
    const { pk } = tenantKey(caller.tenant);
    const found = await ports.table.query({ pk, prefix: HOST_SEEN_PREFIX, ...page });
    const words = await readTenantWords(ports.table, caller.tenant);
    const live = found.items.map(asHostSeen).filter(({ expiresAt }) => expiresAt * 1000 > ports.clock.now());
    const items: HostStatus[] = [];
    const reads = new Bounded(READS);
    for (const [i, row] of live.entries())
      await reads.run(async () => {
        items[i] = statusOf(ports, row.host, row, await recordOf(ports, row), words.get(row.host));
      });
    await reads.drain();
    return ok({ items, ...(found.cursor !== undefined && { nextCursor: found.cursor }) });
  });
}

export async function getHost(ports: HostPorts, caller: Caller, host: string): Promise<Outcome<HostStatus>> {
  if (!isHost(host)) return noHost(host);
  const status = await look(ports, caller, host);
  return status ? ok(status) : noHost(host);
}

/** Undefined when the caller has nothing to do with it. */
async function look(ports: HostPorts, caller: Caller, host: string): Promise<HostStatus | undefined> {
  const [item, word] = await Promise.all([
    ports.table.get(hostSeenKey(caller.tenant, host)),
    readTenantWord(ports.table, caller.tenant, host),
  ]);
  const seen = item && asHostSeen(item);
  const isLive = seen !== undefined && seen.expiresAt * 1000 > ports.clock.now();
  if (isLive) return statusOf(ports, host, seen, await recordOf(ports, seen), word);
  const record = (await speaksForAll(ports, caller)) ? await readHost(ports.pace, host) : undefined;
  return record || word ? statusOf(ports, host, undefined, record, word) : undefined;
}

/** The record of its budget; where that is a group's, with the operator's word on the host itself, which holds there too. */
async function recordOf({ pace }: HostPorts, { host, budget }: HostSeenRow): Promise<HostRecord | undefined> {
  const [record, own] = await Promise.all([readHost(pace, budget), budget === host ? undefined : readHost(pace, host)]);
  if (own === undefined) return record;
  const shared = record ?? readRecord(undefined);
  const opMax = Math.min(shared.opMax ?? Infinity, own.opMax ?? Infinity);
  return { ...shared, opStop: shared.opStop || own.opStop, ...(opMax < Infinity && { opMax }) };
}

function statusOf(
  ports: HostPorts,
  host: string,
  seen: HostSeenRow | undefined,
  record: HostRecord | undefined,
  word: OperatorWord | undefined,
): HostStatus {
  const view = viewOf(record ?? readRecord(undefined), ports.clock.now());
  const max = word?.requestsPerSecond ?? Infinity;
  const said = view.operator?.requestsPerSecond ?? Infinity;
  const limit = Math.min(max, said);
  return {
    ...view,
    host,
    ...(word?.stop === true
      ? { requestsPerSecond: 0, why: 'stopped' as const, because: 'this tenant stopped it' }
      : max < view.requestsPerSecond && {
          requestsPerSecond: max,
          why: 'tenant' as const,
          because: `this tenant caps it: ${String(max)} requests per second`,
        }),
    ...(limit < Infinity && { limit }),
    ...(seen && { seenAt: iso(seen.seenAt) }),
    ...(seen && seen.budget !== host && { budget: seen.budget }),
    ...(seen?.crawlDelaySeconds !== undefined && { crawlDelaySeconds: seen.crawlDelaySeconds }),
    ...(word && { tenant: { ...word, stop: word.stop === true } }),
  };
}

/** Which word a caller may set: its tenant's, or everybody's. */
async function scopeFor(
  ports: HostPorts,
  caller: Caller,
  wanted: HostScope | undefined,
): Promise<HostScope | ReturnType<typeof refuse>> {
  const isMighty = await speaksForAll(ports, caller);
  if (wanted === 'everyone' && !isMighty) {
    const message = 'expected "tenant": a cap for everyone needs an admin key of an operator';
    return refuse(403, 'Not permitted', `scope: ${message}`, [{ path: 'scope', message }]);
  }
  return wanted ?? (isMighty ? 'everyone' : 'tenant');
}

/** Obeyed by every worker within a minute. */
export async function putHost(
  ports: HostPorts,
  caller: Caller,
  host: string,
  { scope: wanted, ...word }: HostWord,
): Promise<Outcome<HostStatus>> {
  if (!isHost(host)) return noHost(host);
  const scope = await scopeFor(ports, caller, wanted);
  if (typeof scope !== 'string') return scope;
  if (scope === 'everyone') await setOperatorWord(ports.pace, host, word);
  else {
    const words = await readTenantWords(ports.table, caller.tenant);
    if (words.size >= HOST_WORDS_MAX && !words.has(host))
      return refuse(409, 'Too many', `this tenant has said something about ${String(HOST_WORDS_MAX)} hosts already`);
    await setTenantWord({ table: ports.table, atMs: ports.clock.now() }, caller.tenant, host, word);
  }
  const status = await look(ports, caller, host);
  return status ? ok(status) : noHost(host);
}

/** Takes back what a `putHost` of the same scope has said. */
export async function deleteHost(
  ports: HostPorts,
  caller: Caller,
  host: string,
  wanted?: HostScope,
): Promise<Outcome<void>> {
  if (!isHost(host)) return noHost(host);
  const scope = await scopeFor(ports, caller, wanted);
  if (typeof scope !== 'string') return scope;
  if (scope === 'tenant') {
    const gone = await ports.table.delete(hostWordKey(caller.tenant, host), { present: 'pk' });
    return gone.ok || (await look(ports, caller, host)) ? ok(undefined) : noHost(host);
  }
  if ((await readHost(ports.pace, host)) === undefined) return noHost(host);
  await setOperatorWord(ports.pace, host, {});
  return ok(undefined);
}
