/** `npm run sim:pace`: how pace does at hosts whose limit is known, and at hosts whose limit is not, beside other ways. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Figures, isReached, knownGoals, unknownGoals } from './figures.ts';
import { knownJobs, unknownJobs, type Done, type Job } from './jobs.ts';
import { knownPlot, unknownPlot } from './plots.ts';
import { goalTable, hardshipTable, knownTable, unknownTable } from './tables.ts';
import { replaced } from '../markdown.ts';
import { runJobs } from '../threads.ts';
import { SCHEDULES, type ScheduleName } from './capacity.ts';

const HELP = `npm run sim:pace -- [options]

  --seeds N      how many seeds (3)
  --from S       the first of them (1001; lower ones were used for tuning)
  --workers N    threads (2)
  --write        write tables and plots into docs/pace.md and docs/img
  --check        fail when a documented figure is missed
`;
const DOC = new URL('../../../docs/pace.md', import.meta.url);
const IMAGES = new URL('../../../docs/img/', import.meta.url);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '3' },
      from: { type: 'string', default: '1001' },
      workers: { type: 'string', default: '2' },
      write: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const from = count(values.from, '--from');
  const seeds = Array.from({ length: count(values.seeds, '--seeds') }, (_, i) => String(from + i));
  const jobs = [...knownJobs(seeds), ...unknownJobs(seeds)];
  const module = new URL('thread.ts', import.meta.url);
  const done = await runJobs<Job, Done>(module, jobs, count(values.workers, '--workers'), progress(jobs.length));
  const figures = new Figures(done);
  const goals = [...knownGoals(figures), ...unknownGoals(figures)];
  const tables = tablesOf(figures, goalTable(goals));
  for (const [name, table] of Object.entries(tables)) process.stdout.write(`\n${name}\n\n${table}`);
  if (values.write) await write(figures, tables);
  return values.check && !goals.every(isReached) ? 1 : 0;
}

function count(given: string, option: string): number {
  const n = Number(given);
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`${option}: expected a whole number from 1, got ${given}`);
  return n;
}

function tablesOf(figures: Figures, goals: string): Record<string, string> {
  const schedules = Object.keys(SCHEDULES) as ScheduleName[];
  return {
    known: knownTable(figures),
    hardship: hardshipTable(figures),
    ...Object.fromEntries(schedules.map((schedule) => [schedule, unknownTable(figures, schedule)])),
    goals,
  };
}

async function write(figures: Figures, tables: Record<string, string>): Promise<void> {
  await mkdir(IMAGES, { recursive: true });
  await writeFile(new URL('pace-known.svg', IMAGES), knownPlot(figures));
  for (const schedule of Object.keys(SCHEDULES) as ScheduleName[])
    await writeFile(new URL(`pace-${schedule}.svg`, IMAGES), unknownPlot(figures, schedule));
  let document = await readFile(DOC, 'utf8');
  for (const [name, table] of Object.entries(tables))
    document = replaced(document, name, 'npm run sim:pace -- --write', table);
  await writeFile(DOC, document);
}

function progress(total: number): (done: number) => void {
  return (done) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${String(done)} of ${String(total)} ${done === total ? '\n' : ''}`);
  };
}

process.exitCode = await main();
