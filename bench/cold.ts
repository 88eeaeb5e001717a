/**
 * `npm run bench:cold`: what a sandbox of each function reads before its handler can be called, and how long that takes.
 * Options: `--rounds 11`, `--write` (docs/benchmarks.md), `--check` (exit 1 when bench/budgets.json is passed).
 *
 * The bundles and the environment are the assembly's, as the embedded stack runs them. Time is that of `require` in a fresh
 * process, the clients of AWS made and nothing asked of them; functions take turns, so that what else the machine does meets
 * all of them alike.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readAssembly } from '#local/assembly.ts';
import { readBlueprint, type FunctionSpec } from '#local/blueprint.ts';
import { clientEnvironment, functionEnvironment } from '#local/lambda-environment.ts';
import { placeOf } from '#local/physical.ts';
import { synthesise } from '#local/synth.ts';
import { table } from '../src/sim/markdown.ts';
import { machine, writeSection } from './section.ts';

interface Loaded {
  ms: number;
  /** That were read. */
  files: string[];
}
interface Cold {
  name: string;
  startBytes: number;
  /** JavaScript of the asset, and the data beside it. */
  codeBytes: number;
  dataBytes: number;
  /** Ascending. */
  ms: number[];
}
export interface ColdBudget {
  /** Minified, read at start; data counts too. */
  startKb: number;
  /** Minified, all that a function may ever read. */
  bundleKb: number;
  loadMs: Record<string, number>;
}

const CHILD = `
const fs = require('node:fs');
const { readFileSync } = fs;
const data = [];
fs.readFileSync = (file, ...more) => {
  if (String(file).endsWith('.data')) data.push(file);
  return readFileSync(file, ...more);
};
const begun = performance.now();
const { handler } = require(process.argv[1]);
const ms = performance.now() - begun;
if (typeof handler !== 'function') throw new Error('no handler');
process.stdout.write(JSON.stringify({ ms, files: [...Object.keys(require.cache), ...data] }));
process.exit(0);`;

const NOWHERE = 'http://127.0.0.1:1';

function load(spec: FunctionSpec, env: Record<string, string>): Loaded {
  const [file = 'index'] = spec.handler.split('.');
  const args = ['-e', CHILD, join(spec.codeDir, `${file}.js`)];
  return JSON.parse(execFileSync(process.execPath, args, { env, encoding: 'utf8' })) as Loaded;
}

async function measure(rounds: number): Promise<Cold[]> {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-cold-'));
  try {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const assembly = readAssembly(await synthesise({ root, outDir: dir, log: () => undefined }));
    const place = placeOf(assembly, NOWHERE);
    const at = { dynamo: NOWHERE, sqsS3: NOWHERE, states: NOWHERE, secrets: NOWHERE, scheduler: NOWHERE, events: NOWHERE, mail: NOWHERE, appConfig: NOWHERE }; // prettier-ignore
    const clients = clientEnvironment(at, place.region, dir);
    const functions = readBlueprint(assembly, place).functions.map((spec) => ({
      spec,
      env: functionEnvironment(spec, clients, {}),
      loads: [] as Loaded[],
    }));
    for (let round = 0; round < rounds; round++) {
      for (const { spec, env, loads } of functions) loads.push(load(spec, env));
    }
    return functions.map(({ spec, env, loads }) => {
      const asset = readdirSync(spec.codeDir).map((file) => join(spec.codeDir, file));
      return {
        name: (env['POWERTOOLS_SERVICE_NAME'] ?? spec.name).replace(/^.*-/, ''),
        startBytes: sum(loads[0]?.files ?? []),
        codeBytes: sum(asset.filter(isCode)),
        dataBytes: sum(asset.filter((file) => !isCode(file))),
        ms: loads.map(({ ms }) => ms).sort((a, b) => a - b),
      };
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const isCode = (file: string): boolean => file.endsWith('.js');
const sum = (files: string[]): number => files.reduce((bytes, file) => bytes + statSync(file).size, 0);
const median = ({ ms }: Cold): number => ms[Math.floor(ms.length / 2)] ?? 0;
const kb = (bytes: number): number => bytes / 1_000;

function figures(all: Cold[]): string {
  return table([
    ['function', 'read at start, KB', 'whole bundle, KB', 'data beside it, KB', 'load, ms', 'least–most'],
    ...all.map((one) => [
      one.name,
      kb(one.startBytes).toFixed(0),
      kb(one.codeBytes).toFixed(0),
      kb(one.dataBytes).toFixed(0),
      median(one).toFixed(0),
      `${one.ms[0]?.toFixed(0) ?? ''}–${one.ms.at(-1)?.toFixed(0) ?? ''}`,
    ]),
  ]);
}

/** What is beyond the budget. */
export function faultsOf(all: Cold[], budget: ColdBudget): string[] {
  return all.flatMap((one) => {
    const { [one.name]: msMax = Infinity } = budget.loadMs;
    const [start, bundle] = [kb(one.startBytes), kb(one.codeBytes)];
    return [
      ...(start > budget.startKb ? [`${one.name} reads ${start.toFixed(0)} KB, the budget is ${String(budget.startKb)}`] : []), // prettier-ignore
      ...(bundle > budget.bundleKb ? [`${one.name} has ${bundle.toFixed(0)} KB in all, the budget is ${String(budget.bundleKb)}`] : []), // prettier-ignore
      ...(median(one) > msMax ? [`${one.name} loads in ${median(one).toFixed(1)} ms, the budget is ${String(msMax)}`] : []), // prettier-ignore
    ];
  });
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '11' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const all = await measure(Number(values.rounds));
const { cold } = JSON.parse(readFileSync(new URL('budgets.json', import.meta.url), 'utf8')) as { cold: ColdBudget };
const faults = faultsOf(all, cold);
const text = figures(all);
process.stdout.write(text);
if (values.write) {
  const how = `JavaScript minified, 1 KB = 1,000 bytes; medians of ${values.rounds} fresh processes, functions in turn (${machine()}).`;
  const missed =
    faults.length === 0 ? 'All keep to bench/budgets.json.' : `Beyond bench/budgets.json: ${faults.join('; ')}.`;
  writeSection('cold start', 'Cold start', 'npm run bench:cold -- --write', `${how}\n${missed}\n\n${text}`);
}
if (values.check) {
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
