/** Who is measured, how each is started, and why one may be absent. */
import { buildSync } from 'esbuild';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageSet } from './pages.ts';
import { LEAN_PROCESS } from '../lambdas/contract.ts';

export interface Client {
  name: string;
  /** What it is, for the table. */
  does: string;
  /** Writes records that must equal Gleaner's. */
  extracts: boolean;
  command: [program: string, ...args: string[]];
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
const peersAbsent = existsSync(here('peers/node_modules/@crawlee/cheerio/package.json'))
  ? undefined
  : 'not installed: npm ci --prefix bench/peers';

/** As it is deployed: a worker is a bundle, not TypeScript that is read at each start. */
function bundled(file: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-bundle-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const outfile = join(dir, 'client.mjs');
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  buildSync({
    entryPoints: [here(file)],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: banner },
    logLevel: 'error',
  });
  return outfile;
}

export const CLIENTS: Client[] = [
  { name: 'gleaner', does: 'fetch, extract, write', extracts: true, command: [node, bundled('clients/gleaner.ts')], env: LEAN_PROCESS, absent: undefined },
  { name: 'fetch-only', does: 'undici alone: the limit', extracts: false, command: [node, bundled('clients/fetch-only.ts')], absent: undefined },
  { name: 'crawlee-cheerio', does: 'CheerioCrawler, tuned', extracts: true, command: [node, here('peers/crawlee.mjs')], absent: peersAbsent },
  { name: 'crawlee-http', does: 'HttpCrawler, no parsing', extracts: false, command: [node, here('peers/crawlee.mjs')], absent: peersAbsent },
  { name: 'scrapy', does: 'Scrapy, tuned', extracts: true, command: [PYTHON, here('peers/scrapy_client.py')], absent: scrapyAbsent() },
]; // prettier-ignore

const MINUTES_MAX = 10;

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
  const child = spawn(program, [...args, list, out, String(inFlight), ...mode], {
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
