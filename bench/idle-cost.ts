/**
 * What a stage costs in a month in which nobody uses it, by the price table and what stands in its synthesised template:
 * `node bench/idle-cost.ts [stage] [--check]`. Counted are things that stand (alarms, secrets, keys, dashboards beyond an account's
 * three free ones) and things that never rest (the feed's long polling, schedules and what they call). With `--check` it exits 1 when the
 * sum is 5 US dollars or more.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { DUE_PARTITIONS } from '#core/limits.ts';
import { PRICE_TABLE, PRICES, STANDING_PRICES } from '#core/prices.ts';
import { GleanerStack } from '#lib/gleaner-stack.ts';
import { stageSettings, type StageSettings } from '#lib/stage.ts';

export const IDLE_USD_MAX = 5;

export interface Resource {
  Type: string;
  Properties?: Record<string, unknown>;
}
export interface Line {
  what: string;
  count: number;
  usd: number;
}

const MONTH_SECONDS = 30.4 * 24 * 3600;
/** Lambda's pollers of a queue at rest, and how long SQS lets each wait (AWS's documentation of the event source). */
const POLLERS = 5;
const POLL_SECONDS = 20;
/** Of a pass that finds nothing: assumed, since only an account could tell. */
const SWEEP_MS = 200;
/** What Lambda and the handler write about one call. */
const LOG_BYTES = 1_000;

/** Each kind of thing that costs by standing there; types that cost by use alone are not named. */
export function idleCost(resources: Resource[]): Line[] {
  const of = (type: string): Resource[] => resources.filter(({ Type }) => Type === type);
  const line = (what: string, count: number, each: number): Line => ({ what, count, usd: count * each });
  const alarms = of('AWS::CloudWatch::Alarm').reduce((sum, { Properties: p }) => sum + metricsOf(p), 0);
  const queues = of('AWS::Lambda::EventSourceMapping').length;
  const polls = (queues * POLLERS * MONTH_SECONDS) / POLL_SECONDS;
  const calls = of('AWS::Events::Rule').reduce((sum, { Properties: p }) => sum + callsOf(p?.['ScheduleExpression']), 0);
  return [
    line('alarm metrics', alarms, STANDING_PRICES.alarmMonth),
    line('composite alarms', of('AWS::CloudWatch::CompositeAlarm').length, STANDING_PRICES.compositeAlarmMonth),
    line('dashboards', Math.max(0, of('AWS::CloudWatch::Dashboard').length - STANDING_PRICES.dashboardsFree), STANDING_PRICES.dashboardMonth), // prettier-ignore
    line('secrets', of('AWS::SecretsManager::Secret').length, STANDING_PRICES.secretMonth),
    line('keys of KMS', of('AWS::KMS::Key').length, STANDING_PRICES.kmsKeyMonth),
    line('polls of queues', Math.round(polls), PRICES.queueRequest),
    line('calls by schedule', Math.round(calls), callUsd()),
  ];
}

/** An alarm on an expression costs as many alarms as it has metrics. */
const metricsOf = (properties: Record<string, unknown> = {}): number =>
  Array.isArray(properties['Metrics'])
    ? properties['Metrics'].filter((metric) => Object.hasOwn(metric as object, 'MetricStat')).length
    : 1;

/** @throws when a schedule is one that this does not know: it must not count as free. */
function callsOf(schedule: unknown): number {
  if (schedule === undefined) return 0;
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(schedule));
  if (match === null) throw new Error(`idle cost: how often is ${JSON.stringify(schedule)}?`);
  const seconds = { minute: 60, hour: 3_600, day: 86_400 }[match[2] ?? ''] ?? 60;
  return MONTH_SECONDS / (Number(match[1]) * seconds);
}

/** One pass of the sweep: half a unit for each look into the due index, one look for dead messages. */
const callUsd = (): number =>
  PRICES.lambdaRequest +
  (SWEEP_MS * PRICES.lambdaGbMs) / 2 +
  DUE_PARTITIONS * 0.5 * PRICES.tableRead +
  PRICES.queueRequest +
  (LOG_BYTES * STANDING_PRICES.logGb) / 1e9;

/** The template of a stage; its functions hold no code, which costs nothing. */
export function resourcesOf(stage: StageSettings): Resource[] {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-no-code-'));
  try {
    const code = join(dir, 'code');
    mkdirSync(code);
    writeFileSync(join(code, 'index.js'), '');
    const app = new App({
      analyticsReporting: false,
      builtinCloudFormationValidation: false,
      outdir: join(dir, 'out'),
    });
    const template = Template.fromStack(new GleanerStack(app, 'stage', { stage, bundles: () => code })).toJSON();
    return Object.values((template as { Resources: Record<string, Resource> }).Resources);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const stage = process.argv[2] ?? 'prod';
  const lines = idleCost(resourcesOf(stageSettings(stage)));
  const total = lines.reduce((sum, { usd }) => sum + usd, 0);
  const told = (what: string, count: string, usd: number): string =>
    `${what.padEnd(20)}${count.padStart(10)}${usd.toFixed(2).padStart(8)}\n`;
  process.stdout.write(`stage ${stage} at rest, US dollars a month (${PRICE_TABLE.region}, ${PRICE_TABLE.date})\n`);
  for (const { what, count, usd } of lines) process.stdout.write(told(what, String(count), usd));
  process.stdout.write(told('in all', '', total));
  if (process.argv.includes('--check') && total >= IDLE_USD_MAX) process.exitCode = 1;
}
