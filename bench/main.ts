/**
 * `npm run bench`: Gleaner beside its peers, in one run, on the same pages, by turns: all of `SETTINGS`, or with `--sets manuals,lists` those
 * sets with `--targets 2000`, `--in-flight 64`, `--latency 0`. Options: `--rounds 5`, `--clients gleaner,scrapy`, `--no-engines` (skip the engines alone), `--write` (docs/benchmarks.md and its plots), `--check` (exit 1 when a ratio is
 * worse than bench/budgets.json by more than the run's own spread). The peers are installed by `npm ci --prefix bench/peers`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkBudgets, type Budgets } from './budgets.ts';
import { CLIENTS } from './clients.ts';
import { measureEngines } from './engines.ts';
import { measure, type Outcome, type Setting } from './measure.ts';
import type { PageSet } from './pages.ts';
import { settingText, writeReport } from './report.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    targets: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    sets: { type: 'string' },
    'in-flight': { type: 'string', default: '64' },
    latency: { type: 'string', default: '0' },
    clients: { type: 'string' },
    engines: { type: 'boolean', default: true },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

/** Those who can: records of JSON are another task, and pages of 50 MB take others minutes and gigabytes. */
const ALONE = ['gleaner', 'fetch-only', 'wrk'];
const SETTINGS: (Omit<Setting, 'rounds'> & { clients?: string[] })[] = [
  { set: 'manuals', targets: 10_000, inFlight: 64, latencyMs: 0 },
  { set: 'manuals', targets: 1_000, inFlight: 64, latencyMs: 50 },
  { set: 'manuals', targets: 2_000, inFlight: 256, latencyMs: 200 },
  { set: 'lists', targets: 1_000, inFlight: 64, latencyMs: 0 },
  { set: 'large', targets: 50, inFlight: 16, latencyMs: 0 },
  { set: 'json', targets: 10_000, inFlight: 64, latencyMs: 0, clients: ALONE },
  { set: 'mixed', targets: 1_000, inFlight: 64, latencyMs: 0, clients: ALONE },
];
const given = values.sets?.split(',').map((set) => ({
  set: set as PageSet,
  targets: Number(values.targets),
  inFlight: Number(values['in-flight']),
  latencyMs: Number(values.latency),
  clients: undefined,
}));
const wanted = values.clients?.split(',');
const clients = CLIENTS.filter(({ name }) => wanted === undefined || wanted.includes(name));
for (const { name, absent } of clients) if (absent !== undefined) console.error(`skipped ${name}: ${absent}`);

const results: { setting: Setting; outcomes: Outcome[] }[] = [];
for (const { clients: able, ...chosen } of given ?? SETTINGS) {
  const setting = { ...chosen, rounds: Number(values.rounds) };
  const present = clients.filter(({ name }) => able === undefined || able.includes(name));
  const outcomes = await measure(setting, present, (line) => console.error(`${setting.set} ${line}`));
  results.push({ setting, outcomes });
  console.log(settingText(setting, outcomes));
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
