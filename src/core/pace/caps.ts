/** Which rate holds where several have a say: the narrowest. */
import { RATE_MIN } from './parameters.ts';
import type { HostRecord } from './record.ts';

export interface Caps {
  /** The task's, per host. */
  requestsPerSecond: number;
  /** The tenant's, per host. */
  tenantRequestsPerSecond?: number;
  /** The operator's on a host of a group; the record holds what was said of the group itself. */
  operatorRequestsPerSecond?: number;
  /** What robots.txt asks for. */
  crawlDelaySeconds?: number;
  /** False: the cap is the rate; nothing is looked for. */
  adapt: boolean;
  /** Whose requests these are: tenants share a host alike, however many workers each has there. */
  tenant?: string;
}

/** A robots.txt that asks for more than this is obeyed up to here; the API shows both. */
export const CRAWL_DELAY_SECONDS_MAX = 300;

export type Binding = 'task' | 'tenant' | 'robots' | 'host' | 'operator' | 'headers';

/** The rate in force for this worker, requests per second, and who set it. */
export function rateInForce(caps: Caps, record: HostRecord, nowUs: number): { rate: number; by: Binding } {
  const { control, opMax, advice, adviceUs } = record;
  let rate = caps.requestsPerSecond;
  let by: Binding = 'task';
  const narrow = (name: Binding, said: number | undefined): void => {
    if (said !== undefined && said < rate) [rate, by] = [said, name];
  };
  narrow('tenant', caps.tenantRequestsPerSecond);
  if (caps.crawlDelaySeconds) narrow('robots', 1 / Math.min(caps.crawlDelaySeconds, CRAWL_DELAY_SECONDS_MAX));
  if (caps.adapt || control.phase === 'half') narrow('host', control.rate);
  narrow('operator', opMax);
  narrow('operator', caps.operatorRequestsPerSecond);
  if (adviceUs > nowUs) narrow('headers', advice);
  return { rate: Math.max(rate, RATE_MIN), by };
}
