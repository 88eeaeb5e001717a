/**
 * `npm run bench`: Gleaner beside its peers, in one run, on the same pages, by turns. Options: `--targets 2000`,
 * `--rounds 5`, `--sets manuals,lists`, `--no-engines` (skip the engines alone), `--write` (docs/benchmarks.md and its plots), `--check` (exit 1 when a ratio is
 * worse than bench/budgets.json by more than the run's own spread). The peers are installed by `npm ci --prefix bench/peers`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkBudgets, type Budgets } from './budgets.ts';
import { CLIENTS } from './clients.ts';
import { measureEngines } from './engines.ts';
import { measure, type Outcome, type Setting } from './measure.ts';
import type { PageSet } from './pages.ts';
import { table, writeReport } from './report.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    targets: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    sets: { type: 'string', default: 'manuals,lists' },
    'in-flight': { type: 'string', default: '64' },
    latency: { type: 'string', default: '0' },
    clients: { type: 'string' },
    engines: { type: 'boolean', default: true },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

const wanted = values.clients?.split(',');
const clients = CLIENTS.filter(({ name }) => wanted === undefined || wanted.includes(name));
for (const { name, absent } of clients) if (absent !== undefined) console.error(`skipped ${name}: ${absent}`);

const results: { setting: Setting; outcomes: Outcome[] }[] = [];
for (const set of values.sets.split(',') as PageSet[]) {
  const setting = {
    set,
    targets: Number(values.targets),
    inFlight: Number(values['in-flight']),
    latencyMs: Number(values.latency),
    rounds: Number(values.rounds),
  };
  const outcomes = await measure(setting, clients, (line) => console.error(`${set} ${line}`));
  results.push({ setting, outcomes });
  console.log(table(setting, outcomes));
}
const engines = values.engines ? await measureEngines(Number(values.rounds)) : undefined;
if (engines) console.log(engines.text);
if (values.write) writeReport(results, engines);

if (values.check) {
  const budgets = JSON.parse(readFileSync(new URL('budgets.json', import.meta.url), 'utf8')) as Budgets;
  const faults = results.flatMap(({ setting, outcomes }) => checkBudgets(budgets, setting, outcomes));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
