/**
 * What AWS asks for what Gleaner does. List prices without the free tier, read in the month and for the region named;
 * other regions differ by up to a third, and what an account has negotiated nobody knows here. US dollars.
 */
export const PRICE_TABLE = { date: '2026-11', region: 'us-east-1' } as const;

const MILLION = 1_000_000;

/** By use: what a run costs. */
export const PRICES = {
  lambdaRequest: 0.2 / MILLION,
  /** arm64, first tier. */
  lambdaGbMs: 0.0000133334 / 1000,
  /** On demand; a unit is 1 KB written, 4 KB read consistently. */
  tableWrite: 0.625 / MILLION,
  tableRead: 0.125 / MILLION,
  /** PUT, COPY, POST, LIST; DELETE is free. */
  objectPut: 5 / MILLION,
  objectGet: 0.4 / MILLION,
  /** Standard queue, per 64 KB. */
  queueRequest: 0.4 / MILLION,
  /** Standard workflow. */
  transition: 25 / MILLION,
} as const;

/** By the month, whether anything runs or not, and by what a stage at rest keeps asking. */
export const STANDING_PRICES = {
  alarmMonth: 0.1,
  compositeAlarmMonth: 0.5,
  dashboardMonth: 3,
  /** Of an account. */
  dashboardsFree: 3,
  secretMonth: 0.4,
  kmsKeyMonth: 1,
  /** One name with one set of dimensions, while it is written. */
  metricMonth: 0.3,
  appConfigRequest: 0.2 / MILLION,
  appConfigReceived: 0.0008,
  logGb: 0.5,
  tableGbMonth: 0.25,
  objectGbMonth: 0.023,
} as const;
