/** Who is measured, how each is started, and why one may be absent. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stop } from 'esbuild';
import type { PageSet } from './pages.ts';
import { bundleProgram } from '../lib/bundles.ts';
import { WORK_PROCESS } from '../lambdas/contract.ts';

export interface Client {
  name: string;
  /** What it is, for the table. */
  does: string;
  /** Writes records that must equal Gleaner's. */
  extracts: boolean;
  command: [program: string, ...args: string[]];
  /** What it is called with, for those that are no scripts of ours. */
  args?: (list: string, inFlight: number) => string[];
  /** Of its process, as it is deployed. */
  env?: Record<string, string>;
  /** Undefined when it can run here. */
  absent: string | undefined;
}

export interface Measured {
  cpuSeconds: number;
  /** Of its main thread alone; only of clients that run in Node. */
  threadCpuSeconds?: number;
  seconds: number;
  rssMb: number;
}

const MINUTES_MAX = 10;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const node = process.execPath;
const PYTHON = '/usr/bin/python3';

function scrapyAbsent(): string | undefined {
  try {
    execFileSync(PYTHON, ['-c', 'import scrapy'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'python3-scrapy is not installed';
  }
}
/** A program that is there and finds its own usage wrong is there. */
const wrkAbsent =
  spawnSync('wrk', ['-v'], { stdio: 'ignore' }).error === undefined ? undefined : 'wrk is not installed';
const wrkArgs = (list: string, inFlight: number): string[] => {
  const [first = ''] = readFileSync(list, 'utf8').split('\n', 1);
  const options = ['-t1', `-c${String(inFlight)}`, `-d${String(MINUTES_MAX)}m`, '--timeout', '60s'];
  return [...options, '-s', here('clients/wrk.lua'), new URL(first).origin, '--', list, String(inFlight)];
};
const peersAbsent = existsSync(here('peers/node_modules/@crawlee/cheerio/package.json'))
  ? undefined
  : 'not installed: npm ci --prefix bench/peers';

/** As it is deployed: a worker is a bundle, not TypeScript that is read at each start. */
async function bundled(file: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-bundle-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  await bundleProgram(here(file), dir);
  return join(dir, 'index.js');
}

export const CLIENTS: Client[] = [
  { name: 'gleaner', does: 'fetch, extract, write', extracts: true, command: [node, await bundled('clients/gleaner.ts')], env: WORK_PROCESS, absent: undefined },
  { name: 'fetch-only', does: 'undici alone: the limit', extracts: false, command: [node, await bundled('clients/fetch-only.ts')], absent: undefined },
  { name: 'wrk', does: 'requests alone, in C: the limit of the server', extracts: false, command: ['wrk'], args: wrkArgs, absent: wrkAbsent },
  { name: 'crawlee-cheerio', does: 'CheerioCrawler, tuned', extracts: true, command: [node, here('peers/crawlee.mjs')], absent: peersAbsent },
  { name: 'crawlee-http', does: 'HttpCrawler, no parsing', extracts: false, command: [node, here('peers/crawlee.mjs')], absent: peersAbsent },
  { name: 'scrapy', does: 'Scrapy, tuned', extracts: true, command: [PYTHON, here('peers/scrapy_client.py')], absent: scrapyAbsent() },
]; // prettier-ignore

// Its service would go on beside those that are measured.
await stop();

/** Runs a client to its end in a process of its own. */
export async function run(
  client: Client,
  list: string,
  out: string,
  inFlight: number,
  set: PageSet = 'manuals',
): Promise<Measured> {
  const [program, ...args] = client.command;
  const mode = client.name === 'crawlee-http' ? ['http'] : [];
  const given = client.args?.(list, inFlight) ?? [list, out, String(inFlight), ...mode];
  const child = spawn(program, [...args, ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...client.env, BENCH_SET: set },
  });
  const timer = setTimeout(() => child.kill(), MINUTES_MAX * 60_000);
  const texts = ['', ''];
  for (const [at, stream] of [child.stdout, child.stderr].entries()) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (texts[at] += chunk));
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${client.name} ended with ${String(code)}: ${texts[1]?.slice(-2_000) ?? ''}`);
  return JSON.parse(texts[0]?.trim().split('\n').at(-1) ?? '') as Measured;
}
