/**
 * `npm run sim:shards`: how soon jobs end and what they cost, by ways of sharding, on the same seeds. `--write` puts table
 * and plot into docs; `--check` fails when a documented figure is missed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { plot } from '../plot.ts';
import { runFleet } from './fleet.ts';
import { METHODS, type MethodName } from './methods.ts';
import { SHAPES, drawWorkload, lowerBounds, type ShapeName } from './workload.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '8' },
    check: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const SEEDS = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);

/** Means over the seeds, as multiples of what nothing can beat. */
interface Figure {
  makespan: number;
  billed: number;
}

async function measure(shape: ShapeName, method: MethodName, isBlind: boolean): Promise<Figure> {
  const sum = { makespan: 0, billed: 0 };
  for (const seed of SEEDS) {
    const workload = drawWorkload(shape, seed, isBlind);
    const least = lowerBounds(workload);
    const { makespan, billed } = runFleet(workload, await METHODS[method](workload), { splits: method === 'streams' });
    sum.makespan += makespan / least.makespan / SEEDS.length;
    sum.billed += billed / least.billed / SEEDS.length;
  }
  return sum;
}

const told = ({ makespan, billed }: Figure): string => `${makespan.toFixed(2)} / ${billed.toFixed(2)}`;
const COLUMNS = [...(Object.keys(METHODS) as MethodName[]), 'blind'] as const;

/** What streams must reach. */
function allowed(shape: ShapeName, isBlind: boolean): Figure {
  const billed = shape === 'fewHosts' ? 1.6 : 1.3;
  // All slots are full until the end, when some of what is in them lasts up to half a minute: an eighth of the whole.
  if (shape === 'workBoundPareto') return { makespan: 1.15, billed };
  return { makespan: isBlind && shape === 'pareto' ? 1.25 : 1.1, billed };
}

const shapes = Object.keys(SHAPES) as ShapeName[];
const figures = new Map<string, Figure>();
const missed: string[] = [];
for (const shape of shapes)
  for (const column of COLUMNS) {
    const isBlind = column === 'blind';
    const figure = await measure(shape, isBlind ? 'streams' : column, isBlind);
    figures.set(`${shape} ${column}`, figure);
    if (column !== 'streams' && !isBlind) continue;
    const most = allowed(shape, isBlind);
    // As it is printed.
    const over = (is: number, may: number): boolean => Math.round(is * 100) > Math.round(may * 100);
    if (over(figure.makespan, most.makespan) || over(figure.billed, most.billed))
      missed.push(`${shape}, ${column}: ${told(figure)}, wanted ${told(most)}`);
  }

const figure = (shape: ShapeName, column: string): Figure =>
  figures.get(`${shape} ${column}`) ?? { makespan: NaN, billed: NaN };
const row = (cells: string[]): string => `| ${cells.join(' | ')} |\n`;
const table =
  row(['workload', ...COLUMNS]) +
  row(['---', ...COLUMNS.map(() => '---')]) +
  shapes.map((shape) => row([shape, ...COLUMNS.map((column) => told(figure(shape, column)))])).join('');
const verdict =
  missed.length === 0 ? 'Every figure is reached.\n' : `Missed:\n\n${missed.map((each) => `- ${each}\n`).join('')}`;
process.stdout.write(`${table}\n${verdict}`);

if (values.write) {
  const panels = (['makespan', 'billed'] as const).map((what) => ({
    title: what === 'makespan' ? 'end of the job / lower bound' : 'billed Lambda time / minimum',
    x: {
      label: shapes
        .map((shape, i) => `${String(i + 1)} ${shape}`)
        .join(', ')
        .slice(0, 90),
      min: 1,
      max: shapes.length,
    },
    y: { label: 'times', min: 1, max: what === 'makespan' ? 6 : 40, log: true },
    lines: COLUMNS.map((column) => ({
      name: column,
      points: shapes.map((shape, i) => [i + 1, Math.max(1, figure(shape, column)[what])] as const),
    })),
  }));
  const docs = new URL('../../../docs/', import.meta.url);
  await mkdir(new URL('img/', docs), { recursive: true });
  await writeFile(new URL('img/sharding.svg', docs), plot('Ways of sharding', panels));
  await writeFile(new URL('sharding.md', docs), page());
}

function page(): string {
  return `# Sharding, measured

\`npm run sim:shards -- --write\` wrote this page; \`--check\` fails while a figure is missed. The planner (\`src/core/plan\`) and the decision to split
(\`src/core/work/split.ts\`) are the product's own; the fleet around them is a model (\`src/sim/shards/fleet.ts\`): workers of 16 slots, hosts that let
requests through at their rate over all workers together, latencies lognormal or Pareto (1.5), 0.5 % slow requests, a start and the queue's delay for every
message. Estimates are off by 15 % (rate) and 40 % (latency), and absent in the last column: every host at 5 requests per second and 0.5 s.

Each cell: end of the job / lower bound, then billed Lambda time / minimum; means of ${String(SEEDS.length)} seeds. Lower bound: work over all slots, the slowest host, or
the longest request. Minimum: work over one worker's slots, or one worker for as long as the slowest host takes; a worker that parks may cost less.

Promised to \`streams\` and \`blind\`: 1.10 and 1.3; 1.6 paid with few hosts; ends at 1.25 with Pareto and blind, and at 1.15 where Pareto keeps all slots full until the end, when
some of what is in them lasts up to half a minute.

${table}
![Ways of sharding](img/sharding.svg)

${verdict}
The model knows hosts' rates as soon as they are asked; pace control takes some seconds to find them.
`;
}

if (values.check && missed.length > 0) process.exitCode = 1;
