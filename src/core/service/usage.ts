/** What a tenant's runs used and cost, day by day. */
import { USAGE_DAYS_MAX } from '../limits.ts';
import { dayOfUsage, usageDayKey } from '../names.ts';
import { PRICE_TABLE } from '../prices.ts';
import { asUsage, type UsageRow } from '../rows.ts';
import { pages } from '../store.ts';
import { costByService, costUsd, dayOf, daysBetween, sumUsage, type Usage } from '../usage.ts';
import { ok, refuse } from './outcome.ts';
import type { Context } from '../context.ts';
import type { Caller, Outcome, UsageFigures, UsageView } from '../operations.ts';

const DAYS_DEFAULT = 30;
const DAY_MS = 24 * 3600 * 1000;

/** @param span days like `2026-11-26` (UTC), both included; by default the last thirty. */
export async function usage(
  ports: Pick<Context, 'table' | 'clock'>,
  caller: Caller,
  span: { from?: string; to?: string },
): Promise<Outcome<UsageView>> {
  const to = span.to ?? dayOf(ports.clock.now());
  const from = span.from ?? dayOf(Date.parse(to) - (DAYS_DEFAULT - 1) * DAY_MS);
  const no = unfit(from, to);
  if (no !== undefined) return refuse(400, 'Invalid request', `from: ${no}`, [{ path: 'from', message: no }]);
  const { pk, sk } = usageDayKey(caller.tenant, from);
  const range: [string, string] = [sk, usageDayKey(caller.tenant, to).sk];
  const rows = new Map<string, UsageRow>();
  for await (const item of pages((cursor) => ports.table.query({ pk, range, ...(cursor !== undefined && { cursor }) })))
    rows.set(dayOfUsage(item.sk), asUsage(item));
  return ok({
    from,
    to,
    days: daysBetween(from, to).map((day) => ({ day, ...figures(rows.get(day) ?? {}) })),
    total: figures(sumUsage([...rows.values()])),
    prices: PRICE_TABLE,
  });
}

function unfit(from: string, to: string): string | undefined {
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days < 1) return `expected a day not after ${to}, got ${from}`;
  if (days <= USAGE_DAYS_MAX) return undefined;
  return `expected a span of at most ${String(USAGE_DAYS_MAX)} days, got ${String(days)}`;
}

const figures = (used: Usage): UsageFigures => ({
  targets: used.targets ?? 0,
  records: used.records ?? 0,
  bytes: used.bytes ?? 0,
  costUsd: costUsd(used),
  costByService: costByService(used),
});
