/** What a run came to, as a table for people. Pure. */
import { BUCKETS } from '#core/ledger.ts';
import type { RunView } from '#core/operations.ts';
import { PRICE_TABLE } from '#core/prices.ts';
import type { FailureGroup } from './failure-tally.ts';
import { bytes, count, duration, plural, rate } from './figures.ts';
import { table } from './table.ts';
import { printable } from './terminal.ts';

/** The colour of each state on a terminal: SGR numbers. */
const STATE_COLOUR: Partial<Record<RunView['state'], string>> = {
  SUCCEEDED: '32',
  PARTIAL: '33',
  FAILED: '31',
  STOPPED: '33',
  TIMED_OUT: '31',
};

export interface SummaryOptions {
  colour: boolean;
  /** Where the results were put, if they were. */
  out?: string;
}

/** Lines without line feeds. Buckets that are empty are left out, `collected` never. */
export function summary(run: RunView, failures: readonly FailureGroup[], { colour, out }: SummaryOptions): string[] {
  const { progress } = run;
  const took = tookMs(run);
  const state = colour ? `\x1b[1;${STATE_COLOUR[run.state] ?? '36'}m${run.state}\x1b[0m` : run.state;
  const lines = [
    `Run ${run.id} of ${run.taskId}, version ${String(run.taskVersion)}: ${state}${took === undefined ? '' : ` in ${duration(took)}`}`,
  ];
  if (run.pausedAt !== undefined) lines.push(`Paused since ${run.pausedAt}`);
  if (run.waitsFor !== undefined) lines.push(`Waits for run ${run.waitsFor} of the same task to end`);
  if (run.redrives !== undefined && run.redrives > 0)
    lines.push(`Failed targets tried again: ${plural(run.redrives, 'time')}`);
  if (run.stopReason !== undefined) lines.push(`Stopped: ${printable(run.stopReason)}`);
  if (run.error !== undefined) lines.push(`Error: ${printable(`${run.error.type}: ${run.error.detail}`)}`);

  const buckets = BUCKETS.filter((bucket) => progress[bucket] > 0 || bucket === 'collected');
  const rows = [
    ['targets', ''],
    ...buckets.map((bucket) => [bucket, count(progress[bucket])]),
    ['discovered', count(progress.discovered)],
  ];
  lines.push('', ...indented(table(rows, ['left', 'right'])));

  if (failures.length > 0) {
    const told = failures.map((group) => [group.reason, count(group.count), exampleOf(group)]);
    lines.push('', ...indented(table([['failed because', '', 'for example'], ...told], ['left', 'right'])));
    const counted = failures.reduce((sum, group) => sum + group.count, 0);
    if (counted < progress.failed) lines.push(`  (the first ${plural(counted, 'failed target')})`);
  }
  lines.push('', ...indented(table(figuresOf(run, took))));
  if (run.costByService !== undefined) lines.push('', ...indented(costOf(run.costByService)));
  if (out !== undefined) lines.push('', `Results in ${out}`);
  return lines;
}

const indented = (lines: string[]): string[] => lines.map((line) => `  ${line}`);

const exampleOf = ({ url, detail }: FailureGroup): string => (detail === '' ? url : `${url} (${detail})`);

function figuresOf(run: RunView, took: number | undefined): string[][] {
  const { progress } = run;
  const dropped = progress.duplicateRecords ?? 0;
  const done = progress.discovered - progress.pending;
  return [
    ['records', count(progress.records) + (dropped > 0 ? ` (and ${plural(dropped, 'duplicate')} dropped)` : '')],
    ['requests', count(progress.attempts)],
    ['bytes', bytes(progress.bytes)],
    ...(took === undefined ? [] : [['duration', duration(took)]]),
    ...(took === undefined || took <= 0 ? [] : [['rate', rate((done * 1000) / took, ' targets')]]),
  ];
}

/** By the price table, for this run alone: what it would have cost on AWS. */
function costOf(costs: NonNullable<RunView['costByService']>): string[] {
  const named: [string, number][] = [
    ['Lambda', costs.lambda],
    ['DynamoDB', costs.dynamodb],
    ['S3', costs.s3],
    ['SQS', costs.sqs],
    ['Step Functions', costs.stepFunctions],
  ];
  const total = named.reduce((sum, [, cost]) => sum + cost, 0);
  const rows = [...named, ['in all', total] as const].map(([name, cost]) => [name, cost.toFixed(6)]);
  return table(
    [[`US dollars (list prices, ${PRICE_TABLE.region}, ${PRICE_TABLE.date})`, ''], ...rows],
    ['left', 'right'],
  );
}

/** From start (or creation, when it never started) to end; undefined while the run lives. */
function tookMs({ createdAt, startedAt, finishedAt }: RunView): number | undefined {
  if (finishedAt === undefined) return undefined;
  const took = Date.parse(finishedAt) - Date.parse(startedAt ?? createdAt);
  return Number.isFinite(took) ? Math.max(0, took) : undefined;
}
