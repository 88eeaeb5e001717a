/** Which rate holds where several have a say: the narrowest. */
import { RATE_MIN } from './parameters.ts';
import type { HostRecord } from './record.ts';

export interface Caps {
  /** The task's, per host. */
  requestsPerSecond: number;
  /** The tenant's, per host. */
  tenantRequestsPerSecond?: number;
  /** What robots.txt asks for. */
  crawlDelaySeconds?: number;
  /** False: the cap is the rate; nothing is looked for. */
  adapt: boolean;
}

/** A robots.txt that asks for more than this is obeyed up to here; the API shows both. */
export const CRAWL_DELAY_SECONDS_MAX = 300;

export type Binding = 'task' | 'tenant' | 'robots' | 'host' | 'operator' | 'headers';

/** The rate in force for this worker, requests per second, and who set it. */
export function rateInForce(caps: Caps, record: HostRecord, nowUs: number): { rate: number; by: Binding } {
  const { control, opMax, advice, adviceUs } = record;
  const says: [Binding, number | undefined][] = [
    ['task', caps.requestsPerSecond],
    ['tenant', caps.tenantRequestsPerSecond],
    ['robots', caps.crawlDelaySeconds ? 1 / Math.min(caps.crawlDelaySeconds, CRAWL_DELAY_SECONDS_MAX) : undefined],
    ['host', caps.adapt || control.phase === 'half' ? control.rate : undefined],
    ['operator', opMax],
    ['headers', adviceUs > nowUs ? advice : undefined],
  ];
  let least: { rate: number; by: Binding } = { rate: Infinity, by: 'task' };
  for (const [by, rate] of says) if (rate !== undefined && rate < least.rate) least = { rate, by };
  return { ...least, rate: Math.max(least.rate, RATE_MIN) };
}
