/** The run as text, as docs/benchmarks.md and as plots. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { EngineFigure } from './engines.ts';
import { idealSeconds, timesIdeal, type Figures, type Outcome, type Setting, type Spread } from './measure.ts';
import { table } from '../src/sim/markdown.ts';
import { machine, writeSection } from './section.ts';

const COMMAND = 'npm ci --prefix bench/peers && npm run bench -- --write';

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));
const shown = ({ median, least, most }: Spread): string => `${number(median)} (${number(least)}–${number(most)})`;

const HEAD = [
  'client',
  'does',
  'CPU s per 1,000',
  'CPU against gleaner',
  'targets per s',
  'memory MB',
  'records equal',
];

export function settingText(setting: Setting, outcomes: Outcome[]): string {
  const { set, targets, inFlight, latencyMs, rounds } = setting;
  const ours = outcomes.find(({ client }) => client.name === 'gleaner')?.figures;
  const rows = outcomes.map(({ client, figures, equal }) => {
    if (figures === undefined) return [client.name, client.does, `skipped: ${client.absent ?? ''}`, '', '', '', ''];
    const { cpu, targetsPerSecond, rssMb } = figures;
    const same = equal === undefined ? '–' : `${String(equal)} of ${String(targets)}`;
    return [client.name, client.does, shown(cpu), times(ours, figures), shown(targetsPerSecond), shown(rssMb), same];
  });
  const title = `### ${set}: ${String(targets)} targets, ${String(inFlight)} in flight, ${String(latencyMs)} ms latency, ${String(rounds)} rounds`;
  return [title, '', table([HEAD, ...rows]), ...(latencyMs > 0 ? [idealText(setting, outcomes)] : [])].join('\n');
}

function idealText({ targets, inFlight, latencyMs }: Setting, outcomes: Outcome[]): string {
  const ideal = number(idealSeconds({ targets, inFlight, latencyMs }));
  const waves = Math.ceil(targets / inFlight);
  const taken = outcomes.flatMap(({ client, figures }) =>
    figures
      ? [
          `${client.name} takes ${timesIdeal({ targets, inFlight, latencyMs }, figures.targetsPerSecond.median).toFixed(2)}`,
        ]
      : [],
  );
  return `Ideal: ${ideal} s, ${String(waves)} waves of ${String(inFlight)} one after the other. Start and ${String(inFlight)} connections included, ${taken.join(', ')} times as long.\n`;
}

const times = (ours: Figures | undefined, theirs: Figures): string =>
  ours === undefined ? '–' : `${number(theirs.cpu.median / ours.cpu.median)} ×`;

const DOCS = new URL('../docs/', import.meta.url);

export function writeReport(
  results: { setting: Setting; outcomes: Outcome[] }[],
  engines: { figures: EngineFigure[]; kb: number } | undefined,
): void {
  mkdirSync(new URL('benchmarks/', DOCS), { recursive: true });
  const parts = results.map(({ setting, outcomes }) => {
    const bars = outcomes.flatMap(({ client, figures }) =>
      figures ? [{ name: client.name, value: figures.cpu.median }] : [],
    );
    const file = `benchmarks/${setting.set}-${String(setting.latencyMs)}ms.svg`;
    writeFileSync(new URL(file, DOCS), plot('client CPU seconds per 1,000 targets', bars));
    return `${settingText(setting, outcomes)}\n![client CPU seconds per 1,000 targets](${file})\n`;
  });
  if (engines) {
    const bars = engines.figures.map(({ name, pagesPerCpuSecond }) => ({ name, value: pagesPerCpuSecond }));
    writeFileSync(new URL('benchmarks/engines.svg', DOCS), plot('pages per CPU second', bars));
    parts.push(engineText(engines));
  }
  writeSection('peers', 'Beside others', COMMAND, [intro(), ...parts].join('\n'));
}

function intro(): string {
  const { dependencies } = JSON.parse(readFileSync(new URL('peers/package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const peers = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`).join(', '); // prettier-ignore
  return `${machine()}, ${(totalmem() / 2 ** 30).toFixed(0)} GB; ${peers}; Scrapy of the system's python3-scrapy.

Every client fetches the same pages from a server on loopback, takes title, headings and absolute links, and writes one gzipped line for each page. Clients take
turns; figures are medians with the least and the most. CPU is user and system time of the client's process, start-up included; it is what Lambda bills. _Records equal_
counts the pages whose record is the same as Gleaner's (links compared as URLs: Scrapy writes an empty fragment and a bare host otherwise). Those that differ are malformed (headings and
links that end outside of their block): Crawlee's htmlparser2 and Scrapy's lxml read them in ways of their own, Gleaner as HTML's standard and parse5 do. \`manuals\` are pages of three Debian manuals, \`lists\` made-up shop pages of 100 KB, \`large\` of 1 to 5 MB, \`json\` pages of an API of 16 KB,
of \`mixed\` one page in a hundred has 50 MB.
`;
}

const engineText = ({ figures, kb }: { figures: EngineFigure[]; kb: number }): string =>
  `### Engines alone

The same fields from 1,000 pages of the manuals (${kb.toFixed(0)} KB on average) in memory, in one process.

${table([['engine', 'pages per CPU second'], ...figures.map(({ name, pagesPerCpuSecond }) => [name, number(pagesPerCpuSecond)])])}
![pages per CPU second](benchmarks/engines.svg)
`;

const BAR_PX = 22;
const LABEL_PX = 190;
const WIDTH_PX = 720;

function plot(title: string, bars: { name: string; value: number }[]): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const rows = bars.map(({ name, value }, i) => {
    const y = 30 + i * (BAR_PX + 6);
    const width = Math.max(1, (value / most) * (WIDTH_PX - LABEL_PX - 80));
    return (
      `<text x="${String(LABEL_PX - 8)}" y="${String(y + 16)}" text-anchor="end">${name.replaceAll('&', '&amp;')}</text>` +
      `<rect x="${String(LABEL_PX)}" y="${String(y)}" width="${width.toFixed(1)}" height="${String(BAR_PX)}" fill="${name.startsWith('gleaner') ? '#2f6f4f' : '#9aa5b1'}"/>` +
      `<text x="${(LABEL_PX + width + 6).toFixed(1)}" y="${String(y + 16)}">${number(value)}</text>`
    );
  });
  const height = 40 + bars.length * (BAR_PX + 6);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH_PX)} ${String(height)}" font-family="sans-serif" font-size="13" fill="#222"><text x="8" y="18" font-weight="bold">${title}</text>${rows.join('')}</svg>\n`;
}
