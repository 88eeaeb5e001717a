/** `npm run sim`: many seeds, one seed with its history, or the planted bugs. */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.ts';
import { INVARIANTS } from './invariants.ts';
import { MUTATIONS } from './mutations.ts';
import { failureText, historyText, mutationTable, summaryText, type Caught } from './report.ts';
import { replaced } from './markdown.ts';
import { runSeeds, type Summary } from './runner.ts';
import { simulate } from './simulate.ts';

const HELP = `npm run sim -- [options]

  --seeds N      how many seeds (1,000)
  --from S       the first of them (1)
  --seed X       one seed, with its history when something is wrong
  --verbose      the whole history of that seed
  --workers N    threads (2)
  --mutations    plant every bug of src/sim/mutations.ts, one after the other
  --only NAME    only this one of them
  --write        write the table of planted bugs into docs/simulation.md
  --check        fail also when it takes longer than documented (60 ms a seed and thread)
  --invariants   what is checked
`;
/** CPU that one seed may take on average: 10,000 in 10 minutes on two cores have twice this. */
const SEED_MS_MAX = 60;
const DOC = new URL('../../docs/simulation.md', import.meta.url);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      workers: { type: 'string', default: '2' },
      only: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      mutations: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      invariants: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(HELP);
  if (values.invariants)
    return say(
      Object.entries(INVARIANTS)
        .map(([name, text]) => `${name.padEnd(20)} ${text}\n`)
        .join(''),
    );
  if (values.seed !== undefined) return one(values.seed, values.verbose);
  const from = count(values.from, '--from');
  const seeds = Array.from({ length: count(values.seeds, '--seeds') }, (_, i) => String(from + i));
  const threads = count(values.workers, '--workers');
  if (values.mutations) return mutations(seeds, threads, values.only, values.write);
  return many(seeds, threads, values.check);
}

function count(given: string, option: string): number {
  const n = Number(given);
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`${option}: expected a whole number from 1, got ${given}`);
  return n;
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

async function one(seed: string, verbose: boolean): Promise<number> {
  const simulated = await simulate(seed, { keepHistory: true });
  if (verbose || simulated.violations.length > 0) say(historyText(simulated, verbose));
  say(failureText(simulated));
  return simulated.violations.length > 0 ? 1 : 0;
}

async function many(seeds: string[], threads: number, check: boolean): Promise<number> {
  const summary = await runSeeds({ script: await bundle(), seeds, threads, onSeed: progress(seeds.length) });
  clear();
  say(summaryText(summary));
  const [first] = summary.failed;
  if (first) {
    const simulated = await simulate(first.seed, { keepHistory: true });
    say(`\n${historyText(simulated, false)}${failureText(simulated)}`);
  }
  const isSlow = (summary.seconds * threads * 1000) / seeds.length > SEED_MS_MAX;
  if (check && isSlow) say(`too slow: documented are ${String(SEED_MS_MAX)} ms a seed and thread\n`);
  return first || (check && isSlow) ? 1 : 0;
}

async function mutations(seeds: string[], threads: number, only: string | undefined, write: boolean): Promise<number> {
  const caught: Caught[] = [];
  for (const mutation of MUTATIONS.filter(({ name }) => only === undefined || name === only)) {
    const summary = await runSeeds({ script: await bundle(mutation), seeds, threads, stopAtFirst: true });
    const [first] = summary.failed;
    caught.push({
      mutation,
      ...(first && { by: first.violations[0]?.name, seed: first.seed }),
      seconds: summary.seconds,
    });
    const { by = 'nothing', seed = '' } = caught.at(-1) ?? {};
    process.stderr.write(`${mutation.name.padEnd(26)} ${by} ${seed} (${summary.seconds.toFixed(1)} s)\n`);
  }
  const table = mutationTable(caught);
  say(table);
  if (write)
    await writeFile(
      DOC,
      replaced(await readFile(DOC, 'utf8'), 'mutations', 'npm run sim -- --mutations --write', table),
    );
  return caught.every(({ by }) => by !== undefined) ? 0 : 1;
}

function progress(total: number): (summary: Summary) => void {
  let shownAt = 0;
  return ({ seeds, failed, seconds }) => {
    if (!process.stderr.isTTY || seconds - shownAt < 0.2) return;
    shownAt = seconds;
    process.stderr.write(`\r${String(seeds)} of ${String(total)} seeds, ${String(failed.length)} failed `);
  };
}
function clear(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

process.exitCode = await main();
