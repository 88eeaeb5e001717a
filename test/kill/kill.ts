/**
 * Kills for real: a run of 5,000 targets on the embedded stack, while functions are cut off and the whole process is killed
 * at random times, 20 times in all. Then its records must be those of an undisturbed run, and `verify` must agree to both.
 * `npm run test:kill [-- --kills N --targets N --seed N]`
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { verifyResults } from '#cli/verify.ts';
import { startOrigin, type Origin } from '#support/origin.ts';
import { saveResults } from '#support/save-results.ts';
import type { RecordLine, ResultsView, RunView } from '#core/operations.ts';
import type { Report } from './stack.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    targets: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const [KILLS, TARGETS, SEED] = [Number(values.kills), Number(values.targets), Number(values.seed)];
/** One kill in so many takes the whole process with it. */
const PROCESS_EVERY = 4;
const HOSTS = 3;
const REQUESTS_PER_SECOND = 30;
const RUN_MINUTES_MAX = 30;

let chanceState = SEED;
/** Park–Miller: the same seed kills in the same order, though not at the same requests. */
const chance = (): number => (chanceState = (chanceState * 48_271 + 1) % 2_147_483_647) / 2_147_483_647;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** The stack in a child process, which is started again as often as it is killed. */
class Stack {
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #gone: Promise<unknown> = Promise.resolve();
  url = '';
  key = '';

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async start(): Promise<void> {
    const script = fileURLToPath(new URL('stack.ts', import.meta.url));
    const child = fork(script, [this.#dataDir, '0'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    this.#gone = once(child, 'exit');
    const report = await this.#report();
    if (!('ready' in report)) throw new Error('the stack did not say where it is');
    ({ url: this.url, key: this.key } = report.ready);
  }

  async #report(): Promise<Report> {
    const { promise, resolve, reject } = Promise.withResolvers<Report>();
    this.#child?.once('message', resolve);
    void this.#gone.then(() => reject(new Error('the stack died by itself')));
    return promise;
  }

  /** The function whose invocation was cut off, if one was running. */
  async crash(): Promise<string | null> {
    this.#child?.send({ crash: Math.floor(chance() * 1000) });
    const report = await this.#report();
    return 'crashed' in report ? report.crashed : null;
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#gone;
  }

  async api<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}/v1${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

async function run(stack: Stack, origins: Origin[], kills: number): Promise<RunView> {
  const task = {
    name: 'kill',
    source: { list: await upload(stack, origins) },
    extract: { format: 'html', fields: { title: 'h1', links: { css: 'a[href]', attr: 'href', as: 'url', all: true } } },
    pace: { requestsPerSecond: REQUESTS_PER_SECOND, concurrency: 8 },
    limits: { maxMinutes: RUN_MINUTES_MAX },
  };
  const { id } = await stack.api<RunView>('POST', '/runs', { task });
  let [done, processes] = [0, 0];
  while (done < kills) {
    await delay(1000 + chance() * 6000);
    const view = await stack.api<RunView>('GET', `/runs/${id}`);
    if (view.finishedAt !== undefined) throw new Error(`the run was over after ${String(done)} kills: too few targets`);
    if (done % PROCESS_EVERY === PROCESS_EVERY - 1) {
      await stack.kill();
      await delay(chance() * 1000);
      await stack.start();
      say(`kill ${String(++done)}: the process (${progress(view)})`);
      processes++;
      continue;
    }
    const name = await stack.crash();
    if (name === null) continue;
    say(`kill ${String(++done)}: ${name} (${progress(view)})`);
  }
  if (kills > 0) say(`${String(kills)} kills, ${String(processes)} of them the whole process`);
  return watch(stack, id);
}

const progress = ({ progress: { discovered, pending }, state }: RunView): string =>
  `${state}, ${String(discovered - pending)} of ${String(discovered)} targets done`;

async function watch(stack: Stack, id: string): Promise<RunView> {
  for (;;) {
    const view = await stack.api<RunView>('GET', `/runs/${id}`);
    if (view.finishedAt !== undefined) return view;
    await delay(500);
  }
}

async function upload(stack: Stack, origins: Origin[]): Promise<string> {
  const lines = Array.from(
    { length: TARGETS },
    (_, i) => `${origins[i % HOSTS]?.url ?? ''}/page/${String(i % 50)}?n=${String(i)}`,
  );
  const { url, list } = await stack.api<{ url: string; list: string }>('POST', '/uploads');
  const put = await fetch(url, { method: 'PUT', body: lines.join('\n') });
  if (!put.ok) throw new Error(`upload: ${String(put.status)}`);
  return list;
}

/** Every record without what differs between any two runs, sorted. */
function records(dir: string): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(dir).filter((file) => file.startsWith('records-')))
    for (const line of gunzipSync(readFileSync(join(dir, name)))
      .toString()
      .split('\n')
      .filter((text) => text !== '')) {
      const { fetchedAt: _, ...record } = JSON.parse(line) as RecordLine;
      lines.push(JSON.stringify(record));
    }
  return lines.sort();
}

async function collect(
  name: string,
  origins: Origin[],
  kills: number,
): Promise<{ view: RunView; lines: string[]; requests: number }> {
  const dir = mkdtempSync(join(tmpdir(), `gleaner-kill-${name}-`));
  const stack = new Stack(join(dir, 'data'));
  for (const origin of origins) origin.clear();
  try {
    await stack.start();
    const began = Date.now();
    const view = await run(stack, origins, kills);
    await saveResults(await stack.api<ResultsView>('GET', `/runs/${view.id}/results`), join(dir, 'out'));
    const verified = await verifyResults(join(dir, 'out'));
    const requests = origins.reduce((sum, origin) => sum + origin.requests('/page/').length, 0);
    say(
      `${name}: ${view.state} in ${String(Math.round((Date.now() - began) / 1000))} s, ${String(verified.targets)} targets, ${String(verified.records)} records, ${String(requests)} requests; verify: ${verified.ok ? 'ok' : JSON.stringify(verified.problems.slice(0, 5))}`,
    );
    if (!verified.ok || view.state !== 'SUCCEEDED') throw new Error(`${name} did not come out right`);
    return { view, lines: records(join(dir, 'out')), requests };
  } finally {
    await stack.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

say(`seed ${String(SEED)}`);
const origins = await Promise.all(Array.from({ length: HOSTS }, () => startOrigin({ pages: 50 })));
try {
  const calm = await collect('undisturbed', origins, 0);
  const killed = await collect('killed', origins, KILLS);
  const same = calm.lines.length === killed.lines.length && calm.lines.every((line, i) => line === killed.lines[i]);
  if (!same)
    throw new Error(`records differ: ${String(calm.lines.length)} undisturbed, ${String(killed.lines.length)} killed`);
  say(
    `the same ${String(calm.lines.length)} records; ${String(killed.requests - calm.requests)} requests more than undisturbed`,
  );
} finally {
  await Promise.all(origins.map((origin) => origin.close()));
}
