/**
 * Host budgets: time-slot reservation on the pace table (research A1). A worker takes an interval of the host's timeline
 * with one conditional write; intervals never overlap, so all workers, runs and tenants together keep the rate.
 * Times in integer microseconds. A reply lost after the write moves the timeline twice: slots are lost, none is doubled.
 */
import { RESERVE_HORIZON_MS } from './limits.ts';
import { paceKey } from './names.ts';
import type { Table } from './ports.ts';

export type Reservation =
  /** Slots at `fromMs + i · intervalMs`, i < count. Milliseconds with fractions. */
  | { kind: 'granted'; fromMs: number; intervalMs: number; count: number }
  /** The host is booked until then: come back, or do something else. */
  | { kind: 'full'; untilMs: number };

/** Microseconds between two requests at this rate, a robots crawl delay included: the slower of the two wins. */
export function intervalUs(requestsPerSecond: number, crawlDelaySeconds = 0): number {
  return Math.ceil(Math.max(1_000_000 / requestsPerSecond, crawlDelaySeconds * 1_000_000));
}

export async function reserve(
  table: Table,
  host: string,
  count: number,
  everyUs: number,
  nowMs: number,
): Promise<Reservation> {
  const key = paceKey(host);
  const now = Math.round(nowMs * 1000);
  const span = count * everyUs;
  const latest = now + Math.max(RESERVE_HORIZON_MS * 1000, span) - span;
  const granted = (endUs: unknown): Reservation => ({
    kind: 'granted',
    fromMs: (Number(endUs) - span) / 1000,
    intervalMs: everyUs / 1000,
    count,
  });
  // Busy host: append behind what others hold.
  const appended = await table.update(key, { add: { tat: span, seq: 1 } }, { between: ['tat', now, latest] });
  if (appended.ok) return granted(appended.item.tat);
  // Idle or new host: start the timeline at now. Lost when another worker was first; then one more append decides.
  const reset = { any: [{ absent: 'tat' }, { lt: ['tat', now] as [string, number] }] };
  const started = await table.update(key, { set: { tat: now + span }, add: { seq: 1 } }, reset);
  if (started.ok) return granted(started.item.tat);
  const again = await table.update(key, { add: { tat: span, seq: 1 } }, { between: ['tat', now, latest] });
  if (again.ok) return granted(again.item.tat);
  const booked = Number(again.item?.tat ?? started.item?.tat ?? latest);
  return { kind: 'full', untilMs: Math.max(nowMs + 1, (booked - (latest - now)) / 1000) };
}
