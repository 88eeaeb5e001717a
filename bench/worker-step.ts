/**
 * `npm run bench:work`: what the whole step of a worker (claim, pace, fetch, extract, ledger, commit) takes of a processor on
 * the embedded stack, beside its bare engine (fetch, extract, write), on the same pages, by turns. Options: `--targets 40000`,
 * `--rounds 3`, `--write` (docs/benchmarks.md), `--check` (exit 1 below bench/budgets.json).
 *
 * A worker has fifteen minutes. With 10,000 pages its start is a quarter of the difference, hence more of them.
 *
 * Compared is the time of the thread that works, its start and compilation included: functions of the embedded stack are
 * threads of one process, so that helpers of V8 cannot be told apart there, and they are left out of both.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RunView, UploadView } from '#core/operations.ts';
import { startEmbedded } from '#local/embedded.ts';
import { table } from '../src/sim/markdown.ts';
import { CLIENTS, run } from './clients.ts';
import { TASK_FIELDS } from './fields.ts';
import { spread, type Spread } from './measure.ts';
import { pagesOf } from './pages.ts';
import { machine, writeSection } from './section.ts';
import { servePages } from './served.ts';

const IN_FLIGHT = 64;
/** The most that a task may ask for of a host; of four it is more than one worker does. */
const RATE = 1_000;
const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '40000' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const [targets, rounds] = [Number(values.targets), Number(values.rounds)];

const served = await servePages('manuals', targets, 0);
const list = pagesOf('manuals', targets)
  .map(({ path }, i) => `${served.urls[i % served.urls.length] ?? ''}${path}\n`)
  .join('');
try {
  const [step, engine]: [number[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    step.push(await wholeStep());
    engine.push(await bareEngine());
    console.error(
      `round ${String(round)}: ${step.at(-1).toFixed(2)} s of the step, ${engine.at(-1).toFixed(2)} s of the engine`,
    );
  }
  const [whole, bare] = [spread(step), spread(engine)];
  const part = bare.median / whole.median;
  const cell = ({ median, least, most }: Spread): string =>
    [median, least, most].map((seconds) => ((seconds / targets) * 1000).toFixed(3)).join(' · ');
  const text = table([
    [
      '',
      'CPU s of its thread per 1,000 targets (median · least · most)',
      'targets per CPU second of the bare engine’s',
    ],
    ['bare engine: fetch, extract, write', cell(bare), '100 %'],
    ['whole step: claim, pace, fetch, extract, ledger, commit', cell(whole), `${(100 * part).toFixed(0)} %`],
  ]);
  console.log(text);
  if (values.write) {
    const how = `The worker's thread on the embedded stack beside a process of the bare engine: ${targets.toLocaleString('en')} pages of the manuals, ${String(IN_FLIGHT)} in flight, start and compilation included, ${String(rounds)} rounds by turns (${machine()}).`;
    writeSection('worker step', 'The whole step of a worker', 'npm run bench:work -- --write', `${how}\n\n${text}`);
  }
  if (values.check) {
    const { work } = JSON.parse(readFileSync(new URL('budgets.json', import.meta.url), 'utf8')) as {
      work: { ofEngine: number };
    };
    const best = bare.most / whole.least;
    if (best < work.ofEngine) {
      console.error(
        `the whole step keeps ${part.toFixed(2)} of the engine (at best ${best.toFixed(2)}), the budget is ${String(work.ofEngine)}`,
      );
      process.exitCode = 1;
    }
  }
} finally {
  served.close();
}

/** CPU seconds of the function's thread for one run on a stack of its own. */
async function wholeStep(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-step-'));
  let cpuMs = 0;
  const stack = await startEmbedded({
    dataDir,
    port: 0,
    log: () => undefined,
    // One thread, as the bare engine is one, and plans made for it: all hosts at once, and as much to do as it can.
    concurrencyMax: 1,
    env: { WORKERS_MAX: '1' },
    onInvoked: ({ environment }, _ms, taken) => {
      if (environment['POWERTOOLS_SERVICE_NAME']?.endsWith('work') === true) cpuMs += taken;
    },
  });
  try {
    const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
      const response = await fetch(`${stack.apiUrl}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${stack.key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
      return (await response.json()) as T;
    };
    const upload = await call<UploadView>('POST', '/uploads');
    const put = await fetch(upload.url, { method: 'PUT', body: list });
    if (!put.ok) throw new Error(`upload: ${String(put.status)}`);
    const task = {
      name: 'worker-step',
      source: { list: upload.list },
      extract: { format: 'auto', fields: TASK_FIELDS },
      pace: { requestsPerSecond: RATE, concurrency: IN_FLIGHT, adapt: false },
    };
    let view = await call<RunView>('POST', '/runs', { task });
    while (view.finishedAt === undefined || !stack.world.idle()) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      view = await call<RunView>('GET', `/runs/${view.id}`);
    }
    const { collected } = view.progress;
    if (collected !== targets) throw new Error(`${view.state}: ${JSON.stringify(view.progress)}`);
    return cpuMs / 1000;
  } finally {
    await stack.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function bareEngine(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'gleaner-engine-'));
  try {
    const file = join(dir, 'urls.txt');
    writeFileSync(file, list);
    const gleaner = CLIENTS.find(({ name }) => name === 'gleaner')!;
    return (await run(gleaner, file, join(dir, 'out'), IN_FLIGHT)).threadCpuSeconds ?? NaN;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
