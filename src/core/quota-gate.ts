/**
 * Quotas of runs, checked where they are spent. A run that finds one used up is not refused and drops nothing: it waits,
 * QUEUED or PAUSED, with the quota's name, and the sweep lets it go on when there is room again: another run has ended, a day
 * or month is over, or the quota was raised. Whatever is under way ends first, so a day's or month's quota may be passed by
 * what workers do until the next sweep, about a minute's work.
 */
import { RUN_SLOT_LOOKS, RUN_SLOT_UNBORN_MS } from './limits.ts';
import { runSlotsKey, storedKey, usageDayKey } from './names.ts';
import { quotasOf, type QuotaName } from './quotas.ts';
import { asUsage, type RunRow, type TenantRow, type UsageRow } from './rows.ts';
import { isEnded } from './run.ts';
import { pages, readRun } from './store.ts';
import { costUsd, dayOf, sumUsage } from './usage.ts';
import type { Context } from './context.ts';
import type { Attr, Item } from './ports.ts';

type Ports = Pick<Context, 'table' | 'clock'>;
const SLOT = 'r_';

/** Why runs of the tenant rest now; undefined when none does. */
export async function spentQuota(ports: Ports, tenant: TenantRow): Promise<QuotaName | undefined> {
  const { targetsPerDay, costUsdPerMonth, storedBytes } = quotasOf(tenant);
  const today = dayOf(ports.clock.now());
  if (targetsPerDay !== null) {
    const item = await ports.table.get(usageDayKey(tenant.tenant, today));
    if (((item && asUsage(item).targets) ?? 0) >= targetsPerDay) return 'targetsPerDay';
  }
  if (storedBytes !== null) {
    const item = await ports.table.get(storedKey(tenant.tenant));
    if (Number(item?.stored ?? 0) >= storedBytes) return 'storedBytes';
  }
  if (costUsdPerMonth !== null && costUsd(await usedThisMonth(ports, tenant.tenant, today)) >= costUsdPerMonth)
    return 'costUsdPerMonth';
  return undefined;
}

async function usedThisMonth(ports: Ports, tenant: string, today: string): Promise<ReturnType<typeof sumUsage>> {
  const first = usageDayKey(tenant, `${today.slice(0, 8)}01`);
  const range: [string, string] = [first.sk, usageDayKey(tenant, today).sk];
  const rows: UsageRow[] = [];
  for await (const item of pages((cursor) =>
    ports.table.query({ pk: first.pk, range, ...(cursor !== undefined && { cursor }) }),
  ))
    rows.push(asUsage(item));
  return sumUsage(rows);
}

/** A run, or one that is about to be. Each era of it has a slot of its own, so that a late end of one takes none from the next. */
type Slotted = Pick<RunRow, 'tenant' | 'runId' | 'redrives'>;
const slotOf = ({ runId, redrives = 0 }: Slotted): string => `${SLOT}${runId}_${String(redrives)}`;

/** Lets a run begin, or says which quota keeps it waiting. A run that was let in before is let in again. */
export async function admit(ports: Ports, tenant: TenantRow, run: Slotted): Promise<QuotaName | undefined> {
  const spent = await spentQuota(ports, tenant);
  if (spent !== undefined) return spent;
  const { concurrentRuns } = quotasOf(tenant);
  if (concurrentRuns === null) return undefined;
  return (await takeSlot(ports, run, concurrentRuns)) ? undefined : 'concurrentRuns';
}

const slotsIn = (item: Item | undefined): [name: string, at: number][] =>
  Object.entries(item ?? {})
    .filter((entry): entry is [string, Attr & number] => entry[0].startsWith(SLOT))
    .sort(([, a], [, b]) => a - b);

async function takeSlot(ports: Ports, run: Slotted, most: number): Promise<boolean> {
  const { table, clock } = ports;
  const { tenant } = run;
  const name = slotOf(run);
  for (let tries = 1; ; tries++) {
    const write = await table.update(
      runSlotsKey(tenant),
      { set: { kind: 'runSlots', tenant, [name]: clock.now() }, add: { count: 1 } },
      { all: [{ absent: name }, { any: [{ absent: 'count' }, { lt: ['count', most] }] }] },
    );
    if (write.ok || write.item?.[name] !== undefined) return true;
    if (tries === 2 || !(await takeBack(ports, tenant, write.item))) return false;
  }
}

/** Whoever died between taking a slot and putting its run has left it: a look at the oldest whenever there is none. */
async function takeBack(ports: Ports, tenant: string, item: Item | undefined): Promise<boolean> {
  let isFree = false;
  for (const [name, at] of slotsIn(item).slice(0, RUN_SLOT_LOOKS)) {
    const [runId = '', era] = name.slice(SLOT.length).split('_');
    const run = await readRun(ports.table, tenant, runId);
    const isGone =
      run === undefined
        ? at < ports.clock.now() - RUN_SLOT_UNBORN_MS
        : isEnded(run.state) || (run.redrives ?? 0) > Number(era);
    if (isGone) isFree = (await drop(ports, tenant, name)) || isFree;
  }
  return isFree;
}

/** When a run has ended, or never began. Doing it again changes nothing. */
export async function dropSlot(ports: Pick<Ports, 'table'>, run: Slotted): Promise<void> {
  await drop(ports, run.tenant, slotOf(run));
}

async function drop(ports: Pick<Ports, 'table'>, tenant: string, name: string): Promise<boolean> {
  const change = { remove: [name], add: { count: -1 } };
  return (await ports.table.update(runSlotsKey(tenant), change, { present: name })).ok;
}
