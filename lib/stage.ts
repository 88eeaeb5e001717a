/**
 * What differs from stage to stage, in one table. Everything else in `lib/` is the same in each, so a stage that works
 * says something about the next one.
 */

export interface StageSettings {
  /** Part of every physical name; lower case, because bucket names may be made of it. */
  readonly name: string;
  /** Data and logs outlive the stack, tables cannot be deleted by mistake, and both can be brought back as they were. */
  readonly keepsData: boolean;
  readonly logDays: 7 | 30;
  /** Workers at a time (2..1000): what the event source mapping will start, whatever waits in the queue. */
  readonly workConcurrencyMax: number;
  /** Of the HTTP API, over all callers; undefined = the account's own limit. */
  readonly throttle?: { readonly requestsPerSecond: number; readonly burst: number };
  /** Traces: functions by the OpenTelemetry layer that AWS publishes (ADOT), the state machine by its own segments. Costs 50 to 200 ms of every cold start. */
  readonly tracing: boolean;
  /** Alarms, dashboard and saved log queries. */
  readonly alarms: boolean;
  /** A release of `api` gets a tenth of the calls first; needs the alarms, which take it back. */
  readonly canary: boolean;
  /** At most one sweep at a time. It takes one from the account's unreserved concurrency, which AWS wants to stay at 100 (10 in new accounts). */
  readonly reservesSweep: boolean;
}

export const STAGES = {
  /** What the embedded stack plays on one machine. */
  local: {
    name: 'local',
    keepsData: false,
    logDays: 7,
    // One is kept for a tenant that has none yet: a lone tenant works with seven.
    workConcurrencyMax: 8,
    tracing: false,
    alarms: false,
    canary: false,
    reservesSweep: false,
  },
  dev: {
    name: 'dev',
    keepsData: false,
    logDays: 7,
    workConcurrencyMax: 20,
    throttle: { requestsPerSecond: 50, burst: 100 },
    tracing: false,
    alarms: true,
    canary: true,
    reservesSweep: true,
  },
  prod: {
    name: 'prod',
    keepsData: true,
    logDays: 30,
    workConcurrencyMax: 200,
    throttle: { requestsPerSecond: 500, burst: 1000 },
    tracing: false,
    alarms: true,
    canary: true,
    reservesSweep: true,
  },
} as const satisfies Record<string, StageSettings>;

export type StageName = keyof typeof STAGES;
const isStageName = (name: string): name is StageName => Object.hasOwn(STAGES, name);

/** @throws when there is no such stage. */
export function stageSettings(name: string): StageSettings {
  if (isStageName(name)) return STAGES[name];
  throw new Error(`stage: expected one of ${Object.keys(STAGES).join(', ')}, got ${JSON.stringify(name)}`);
}

/** A comma-separated input (`-c regions=a,b`); undefined and blank give an empty list, doubles are dropped. */
export function commaList(text: string | undefined): string[] {
  const parts = (text ?? '').split(',').map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ''))];
}

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;
/** @throws when one is not spelled like a region. */
export function regionList(text: string | undefined): string[] {
  const regions = commaList(text);
  for (const region of regions) {
    if (!REGION.test(region))
      throw new Error(`regions: expected names like eu-central-1, got ${JSON.stringify(region)}`);
  }
  return regions;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** @throws when one is not spelled like a bucket. */
export function bucketList(text: string | undefined): string[] {
  const buckets = commaList(text);
  for (const bucket of buckets) {
    // A wildcard here would open every bucket of the account to whoever may write a task.
    if (!BUCKET.test(bucket)) throw new Error(`listBuckets: expected names of buckets, got ${JSON.stringify(bucket)}`);
  }
  return buckets;
}

const ADDRESS = /^[^\s@,"<>]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;
/** @throws when one is no plain mail address. */
export function addressList(input: string, text: string | undefined): string[] {
  const addresses = commaList(text);
  for (const address of addresses) {
    if (!ADDRESS.test(address)) throw new Error(`${input}: expected mail addresses, got ${JSON.stringify(address)}`);
  }
  return addresses;
}
