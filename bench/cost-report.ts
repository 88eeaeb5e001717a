/** The figures of `bench:cost` as tables, and what is beyond their budget. */
import { costByService, costUsd, SERVICES, type Usage } from '#core/usage.ts';
import { table } from '../src/sim/markdown.ts';

export interface Measured {
  targets: number;
  seconds: number;
  /** As the run's own meter has it. */
  usage: Usage;
  /** By service and operation. */
  calls: Map<string, number>;
  /** By function, starts of sandboxes included. */
  gbSeconds: Map<string, number>;
}
export interface Naive {
  targets: number;
  usage: Usage;
  calls: number;
}
export interface CostBudget {
  /** Of the largest run. */
  callsPerTarget: number;
  usdPerMillion: number;
  timesNaive: number;
}

const sum = (map: Map<string, number>): number => [...map.values()].reduce((all, each) => all + each, 0);
const perMillion = (usd: number, targets: number): number => (usd / targets) * 1e6;
const total = ({ usage, targets }: { usage: Usage; targets: number }): number => perMillion(costUsd(usage), targets);
const count = (targets: number): string => targets.toLocaleString('en');
const usd = (amount: number): string => (amount >= 1 ? amount.toFixed(2) : amount.toFixed(4));

export function costTables(sized: Measured[], unbound: Measured, naive: Naive): string {
  const runs = [...sized, unbound];
  const all = [...runs, naive];
  const heads = [...sized.map(({ targets }) => count(targets)), `${count(unbound.targets)}, unbound`];
  const row = (name: string, cell: (one: Measured | Naive) => string): string[] => [name, ...all.map(cell)];
  const dollars = table([
    ['US dollars per million targets', ...heads, 'one message per page'],
    ...SERVICES.map((service) =>
      row(service, ({ usage, targets }) => usd(perMillion(costByService(usage)[service], targets))),
    ),
    row('in all', (one) => usd(total(one))),
    row('as a part of one message per page', (one) => (one === naive ? '' : `1 / ${(total(naive) / total(one)).toFixed(0)}`)),
    row('the same without its map', (one) => (one === naive ? usd(withoutMap(naive)) : `1 / ${(withoutMap(naive) / total(one)).toFixed(0)}`)),
    row('AWS calls per target', (one) => callsPerTarget(one).toFixed(4)),
    row('targets per second', (one) => ('seconds' in one ? (one.targets / one.seconds).toFixed(0) : '')),
  ]); // prettier-ignore
  return `${dollars}\n${operations(runs, heads)}`;
}

const callsPerTarget = (one: Measured | Naive): number =>
  (typeof one.calls === 'number' ? one.calls : sum(one.calls)) / one.targets;

const withoutMap = ({ usage, targets }: Naive): number => total({ usage: { ...usage, transitions: 0 }, targets });

/** Calls and GB seconds of each run. */
function operations(runs: Measured[], head: string[]): string {
  const rows = (of: (run: Measured) => Map<string, number>, digits: number): string[][] => {
    const names = [...new Set(runs.flatMap((run) => [...of(run).keys()]))].sort();
    return names.map((name) => [name, ...runs.map((run) => (of(run).get(name) ?? 0).toFixed(digits))]);
  };
  return `${table([['calls', ...head], ...rows(({ calls }) => calls, 0), ['in all', ...runs.map(({ calls }) => sum(calls).toFixed(0))]])}
${table([['GB seconds', ...head], ...rows(({ gbSeconds }) => gbSeconds, 2)])}`;
}

/** Of the largest run; a smaller one must not be cheaper by target. */
export function faultsOf(runs: Measured[], naive: Naive, budget: CostBudget): string[] {
  const largest = runs.at(-1);
  if (largest === undefined) return [];
  const faults: string[] = [];
  const calls = callsPerTarget(largest);
  const times = total(naive) / total(largest);
  if (calls > budget.callsPerTarget)
    faults.push(`${calls.toFixed(4)} calls per target, the budget is ${String(budget.callsPerTarget)}`);
  if (total(largest) > budget.usdPerMillion)
    faults.push(`${usd(total(largest))} USD per million targets, the budget is ${String(budget.usdPerMillion)}`);
  if (times < budget.timesNaive)
    faults.push(`${times.toFixed(0)} times below one message per page, the budget is ${String(budget.timesNaive)}`);
  for (const [i, run] of runs.entries()) {
    const before = runs[i - 1];
    if (before !== undefined && total(run) > total(before) * (1 + SPREAD))
      faults.push(`${count(run.targets)} targets cost ${usd(total(run))} per million, ${count(before.targets)} ${usd(total(before))}`); // prettier-ignore
  }
  return faults;
}

/** What the time of Lambda differs by from run to run. */
const SPREAD = 0.15;
