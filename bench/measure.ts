/** One set of pages, all clients: records compared first, then rounds in turn, medians with their spread. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { run, type Client, type Measured } from './clients.ts';
import { pagesOf, type PageSet } from './pages.ts';
import { servePages } from './served.ts';

export interface Setting {
  set: PageSet;
  targets: number;
  inFlight: number;
  latencyMs: number;
  rounds: number;
}
export interface Figures {
  /** Client CPU seconds for 1,000 targets. */
  cpu: Spread;
  targetsPerSecond: Spread;
  rssMb: Spread;
}
export interface Spread {
  median: number;
  least: number;
  most: number;
}
export interface Outcome {
  client: Client;
  /** Undefined when the client is absent. */
  figures: Figures | undefined;
  /** Records that equal Gleaner's; undefined for clients that extract nothing. */
  equal: number | undefined;
}

export async function measure(setting: Setting, clients: Client[], say: (line: string) => void): Promise<Outcome[]> {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-bench-'));
  const served = await servePages(setting.set, setting.targets, setting.latencyMs);
  try {
    const list = join(dir, 'urls.txt');
    const paths = pagesOf(setting.set, setting.targets).map(({ path }) => `${served.url}${path}`);
    writeFileSync(list, `${paths.join('\n')}\n`);
    const present = clients.filter(({ absent }) => absent === undefined);
    const runs = new Map<Client, Measured[]>(present.map((client) => [client, []]));
    for (let round = 0; round < setting.rounds; round++) {
      for (const client of present) {
        const measured = await run(client, list, join(dir, client.name), setting.inFlight, setting.set);
        runs.get(client)?.push(measured);
        say(
          `round ${String(round + 1)} ${client.name}: ${measured.cpuSeconds.toFixed(2)} CPU s, ${measured.seconds.toFixed(2)} s, ${measured.rssMb.toFixed(0)} MB`,
        );
      }
    }
    const ours = recordsOf(join(dir, 'gleaner'));
    return clients.map((client) => ({
      client,
      figures: figuresOf(runs.get(client) ?? [], setting.targets),
      equal: client.extracts && runs.has(client) ? equalTo(ours, recordsOf(join(dir, client.name))) : undefined,
    }));
  } finally {
    served.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Scrapy leaves out an empty fragment and the path of a bare host. */
const asUrl = (link: string): string => URL.parse(link)?.href.replace(/#$/, '') ?? link;

/** By URL. */
function recordsOf(out: string): Map<string, string> {
  const lines = globSync(`${out}*.gz`).flatMap((file) => gunzipSync(readFileSync(file)).toString().trim().split('\n'));
  return new Map(
    lines.map((line) => {
      const { url, data } = JSON.parse(line) as { url: string; data: { links: string[] } };
      return [url, JSON.stringify({ ...data, links: data.links.map(asUrl) })];
    }),
  );
}

const equalTo = (ours: Map<string, string>, theirs: Map<string, string>): number =>
  [...ours].filter(([url, record]) => theirs.get(url) === record).length;

/** Seconds that the waiting alone takes, wave after wave; the last one takes as long as a full one. */
export const idealSeconds = ({
  targets,
  inFlight,
  latencyMs,
}: Pick<Setting, 'targets' | 'inFlight' | 'latencyMs'>): number => (Math.ceil(targets / inFlight) * latencyMs) / 1000;
export const timesIdeal = (setting: Parameters<typeof idealSeconds>[0], targetsPerSecond: number): number =>
  setting.targets / targetsPerSecond / idealSeconds(setting);

function figuresOf(runs: Measured[], targets: number): Figures | undefined {
  if (runs.length === 0) return undefined;
  return {
    cpu: spread(runs.map(({ cpuSeconds }) => (cpuSeconds / targets) * 1_000)),
    targetsPerSecond: spread(runs.map(({ seconds }) => targets / seconds)),
    rssMb: spread(runs.map(({ rssMb }) => rssMb)),
  };
}

export function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [least = 0] = sorted;
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, least, most: sorted.at(-1) ?? 0 };
}
