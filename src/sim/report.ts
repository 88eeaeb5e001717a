/** What the runner prints. */
import { FAULT_KINDS } from './faults.ts';
import { entryLine } from './history.ts';
import { INVARIANTS, type InvariantName } from './invariants.ts';
import { table } from './markdown.ts';
import type { Mutation } from './mutations.ts';
import type { Summary } from './runner.ts';
import type { Simulated } from './simulate.ts';

const grouped = (n: number): string => Math.round(n).toLocaleString('en-US');
const rows = (pairs: [string, string][]): string =>
  pairs.map(([name, value]) => `  ${name.padEnd(22)} ${value.padStart(12)}\n`).join('');

export function summaryText(summary: Summary): string {
  const { seeds, seconds, failed } = summary;
  const faults = FAULT_KINDS.map((kind): [string, string] => [kind, grouped(summary.faults[kind] ?? 0)]);
  const ends = Object.entries(summary.ends)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, n]): [string, string] => [name, grouped(n)]);
  return [
    rows([
      ['seeds', grouped(seeds)],
      ['runs', grouped(summary.runs)],
      ['targets', grouped(summary.targets)],
      ['invocations killed', grouped(summary.crashes)],
      ['virtual hours', grouped(summary.virtualHours)],
      ['events', grouped(summary.events)],
      ['seconds', `${seconds.toFixed(1)}`],
      ['violations', grouped(failed.length)],
    ]),
    '\nwhat went wrong on purpose\n',
    rows(faults),
    '\nwhat runs and shards went through\n',
    rows(ends),
    failed.length === 0 ? '\nok\n' : `\n${failed.slice(0, 20).map(failedLine).join('')}`,
  ].join('');
}

const failedLine = ({ seed, plan, violations }: Summary['failed'][number]): string =>
  `seed ${seed} (${plan}): ${violations[0]?.name ?? ''}: ${violations[0]?.text ?? ''}\n`;

/** Lines that lead up to a violation. */
const LINES_BEFORE = 80;

export function historyText({ history }: Simulated, whole: boolean): string {
  const at = history.findIndex(({ what }) => what.startsWith('VIOLATION'));
  const end = at < 0 ? history.length : at + 1;
  const shown = whole ? history : history.slice(Math.max(0, end - LINES_BEFORE), end);
  const left = history.length - shown.length;
  return `${left > 0 ? `  … ${String(left)} more lines with --verbose\n` : ''}${shown.map(entryLine).join('\n')}\n`;
}

export function failureText(simulated: Simulated): string {
  const { seed, plan, violations, digest, runs, targets } = simulated;
  const head = `seed ${seed} (${plan}): ${String(runs)} runs, ${String(targets)} targets, history ${digest}\n`;
  if (violations.length === 0) return `${head}ok\n`;
  const broken = violations.map(({ name, text }) => `${name}: ${INVARIANTS[name]}\n  ${text}\n`);
  return `${head}${broken.join('')}again: npm run sim -- --seed ${seed} --verbose\n`;
}

export interface Caught {
  mutation: Mutation;
  by?: InvariantName | undefined;
  seed?: string;
  seconds: number;
}

export function mutationTable(caught: readonly Caught[]): string {
  const cells = caught.map(({ mutation, by, seed }) => [
    `\`${mutation.name}\``,
    `\`src/core/${mutation.file}\``,
    mutation.breaks,
    by === undefined ? '**nothing**' : `\`${by}\``,
    seed ?? '',
  ]);
  return table([['bug', 'planted in', 'what it breaks', 'caught by', 'at seed'], ...cells]);
}
