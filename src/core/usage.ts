/**
 * What runs make AWS do, in the units that AWS bills, and what that costs. Each call of a function adds what it used to
 * two or three small rows, its run's, its tenant's day and what it stores: one write unit each, so the meter costs as the shards do, not as the
 * targets. Additions are not repeated and not undone: a call that dies is not counted, one whose answer was lost may be
 * counted twice. It is an estimate and says so; the bill is the account's.
 */
import { PRICES } from './prices.ts';
import { storedKey, usageDayKey, usageKey } from './names.ts';
import { asUsage, type UsageRow } from './rows.ts';
import type { Table } from './ports.ts';

/** What is billed; `lambdaGbMs` from the durations of handlers, table units as the table tells them. */
export const OPERATIONS = [
  'lambdaRequests',
  'lambdaGbMs',
  'tableReads',
  'tableWrites',
  'objectPuts',
  'objectGets',
  'queueRequests',
  'transitions',
] as const;
/** What was had for it. `targets` = those that ended as collected or failed; `stored` = bytes that were added to the bucket. */
export const YIELDS = ['targets', 'records', 'bytes', 'stored'] as const;
export const USED = [...OPERATIONS, ...YIELDS] as const;
export type Used = (typeof USED)[number];
export type Usage = { [K in Used]?: number };

export const SERVICES = ['lambda', 'dynamodb', 's3', 'sqs', 'stepFunctions'] as const;
export type CostByService = Record<(typeof SERVICES)[number], number>;

/** US dollars by the price table. */
export function costByService(usage: Usage): CostByService {
  const of = (used: Used, price: number): number => (usage[used] ?? 0) * price;
  return {
    lambda: dollars(of('lambdaRequests', PRICES.lambdaRequest) + of('lambdaGbMs', PRICES.lambdaGbMs)),
    dynamodb: dollars(of('tableReads', PRICES.tableRead) + of('tableWrites', PRICES.tableWrite)),
    s3: dollars(of('objectPuts', PRICES.objectPut) + of('objectGets', PRICES.objectGet)),
    sqs: dollars(of('queueRequests', PRICES.queueRequest)),
    stepFunctions: dollars(of('transitions', PRICES.transition)),
  };
}

export const costUsd = (usage: Usage): number =>
  dollars(Object.values(costByService(usage)).reduce((sum, each) => sum + each, 0));

/** Nine places: a shard costs some millionths. */
const dollars = (amount: number): number => Math.round(amount * 1e9) / 1e9;

export function sumUsage(usages: readonly Usage[]): Usage {
  const sum: Usage = {};
  for (const usage of usages) for (const used of USED) sum[used] = (sum[used] ?? 0) + (usage[used] ?? 0);
  return sum;
}

const DAY_MS = 24 * 3600 * 1000;
/** `2026-11-26`, UTC. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
/** Every day from one to another, both included. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) days.push(dayOf(at));
  return days;
}

/**
 * Adds what one call used. Answers whether the run is over its `limits.maxCostUsd`, which stands in the same row so that
 * nothing has to be read for it.
 */
export async function charge(
  table: Table,
  { tenant, runId }: { tenant: string; runId: string },
  usage: Usage,
  nowMs: number,
): Promise<'within' | 'over'> {
  const add = Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== 0));
  const change = { add, set: { kind: 'usage', tenant } };
  const { stored = 0 } = usage;
  const [run] = await Promise.all([
    table.update(usageKey(tenant, runId), change),
    table.update(usageDayKey(tenant, dayOf(nowMs)), change),
    // Kept until it is deleted by hand, so no sum over days tells it.
    stored > 0 ? table.update(storedKey(tenant), { add: { stored }, set: { kind: 'stored', tenant } }) : undefined,
  ]);
  const { maxCostUsd, ...used } = run.item ? asUsage(run.item) : ({} as Partial<UsageRow>);
  return maxCostUsd !== undefined && costUsd(used) >= maxCostUsd ? 'over' : 'within';
}

export async function readUsage(table: Table, tenant: string, runId: string): Promise<UsageRow | undefined> {
  const item = await table.get(usageKey(tenant, runId));
  return item && asUsage(item);
}
