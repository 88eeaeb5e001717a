/**
 * Three origins with hidden limits of 5, 50 and 200 requests per second, collected in one run of the embedded stack. Answers
 * take so long that the run is worth eight workers at once. What counts is what the origins' own logs say.
 * `--check`: fails where a figure is missed; `--write`: puts the table into docs/pace.md; `--verbose`: every five seconds.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METRICS } from '#core/metrics.ts';
import type { HostStatus, RunView } from '#core/operations.ts';
import { startEmbedded } from '#local/embedded.ts';
import { replaced, table } from '../src/sim/markdown.ts';
import { BURST_SECONDS, startLimited, type Limited } from './limited-origin.ts';

const LIMITS = [5, 50, 200];
/** Long enough for the narrowest to have been found well before the end. */
const SECONDS = Number(process.argv.find((arg) => arg.startsWith('--seconds='))?.slice(10) ?? 120);
/** What finding a limit may take; windows before it do not count. */
const CONVERGE_MS = 45_000;
/** 255 requests per second for 0.6 s each: 153 in flight, of which a worker takes 64 and is reckoned with 45. */
const LATENCY_MS = 600;
const CONCURRENCY = 256;
/** What an origin lets through in so long: its rate and what its bucket holds. No more than that and a twentieth may come. */
const WINDOW_S = 10;
const OVER_MAX = 1.05;
const USED_MIN = 0.92;
const IDLE_MAX = 0.05;

const DOC = new URL('../docs/pace.md', import.meta.url);

const percent = (part: number, digits = 1): string => `${(part * 100).toFixed(digits)} %`;

const dataDir = mkdtempSync(join(tmpdir(), 'gleaner-pace-'));
const origins = await Promise.all(
  LIMITS.map((limit) => startLimited({ requestsPerSecond: limit, latencyMs: LATENCY_MS })),
);
const stack = await startEmbedded({ dataDir, port: 0, log: () => undefined });
const api = async <T>(method: string, path: string, body?: object): Promise<T> => {
  const headers = { authorization: `Bearer ${stack.key}`, 'content-type': 'application/json' };
  const response = await fetch(`${stack.apiUrl}/v1${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return (await response.json()) as T;
};

try {
  const lines = origins.flatMap(({ url }, i) =>
    Array.from({ length: (LIMITS[i] ?? 0) * SECONDS }, (_, n) => `${url}/page/${String(n)}`),
  );
  const upload = await api<{ url: string; list: string }>('POST', '/uploads');
  await fetch(upload.url, { method: 'PUT', body: lines.join('\n') });
  const { id } = await api<RunView>('POST', '/runs', {
    task: {
      name: 'pace-live',
      source: { list: upload.list },
      extract: { format: 'none' },
      pace: { requestsPerSecond: 1_000, concurrency: CONCURRENCY },
      retry: { attempts: 10, baseSeconds: 1, maxSeconds: 10 },
    },
  });
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const hosts = process.argv.includes('--hosts') ? (await api<{ items: HostStatus[] }>('GET', '/hosts')).items : [];
  for (const host of hosts) process.stdout.write(`${JSON.stringify(host)}\n`);
  const stoppedAt = Date.now();
  await api('POST', `/runs/${id}/stop`);
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  process.exitCode = report(origins, stoppedAt, idleOf(join(dataDir, 'logs', 'work.log')));
} finally {
  await stack.close();
  await Promise.all(origins.map((origin) => origin.close()));
  rmSync(dataDir, { recursive: true, force: true });
}

/** From the metrics that workers leave in their log: time paid for, and time in which nothing was in flight. */
function idleOf(log: string): { billedS: number; idle: number } {
  let [billed, idle] = [0, 0];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (!line.includes(METRICS.workerMs)) continue;
    const at = line.indexOf('{');
    const metrics = JSON.parse(line.slice(at)) as Record<string, number>;
    billed += [metrics[METRICS.workerMs] ?? 0].flat().reduce((a, b) => a + b, 0);
    idle += [metrics[METRICS.idleMs] ?? 0].flat().reduce((a, b) => a + b, 0);
  }
  return { billedS: billed / 1000, idle: idle / Math.max(1, billed) };
}

function report(all: Limited[], stoppedAt: number, { billedS, idle }: { billedS: number; idle: number }): number {
  let [accepted, possible, misses] = [0, 0, 0];
  const rows: string[][] = [];
  for (const origin of all) {
    const { log, limit } = origin;
    const from = (log[0]?.at ?? 0) + CONVERGE_MS;
    const until = stoppedAt - 1_000;
    const later = log.filter(({ at }) => at >= from && at < until);
    const times = later.map(({ at }) => at);
    const worst = worstWindow(times, WINDOW_S * 1000);
    const lets = limit * WINDOW_S + Math.max(1, limit * BURST_SECONDS);
    if (worst > lets * OVER_MAX + 1) misses++;
    const taken = later.filter(({ ok }) => ok).length;
    const bears = (limit * (until - from)) / 1000;
    accepted += taken;
    possible += bears;
    if (process.argv.includes('--verbose')) course(origin);
    const refused = log.filter(({ ok }) => !ok).length / log.length;
    const second = worstWindow(times, 1_000);
    rows.push(
      [limit, percent(taken / bears), percent(refused, 2), `${String(worst)} of ${String(lets)}`, second].map(String),
    );
  }
  const used = accepted / possible;
  if (used < USED_MIN || idle > IDLE_MAX) misses++;
  rows.push(['all', percent(used), '', '', '']);
  const head = ['limit, rps', 'used', 'refused', `worst ${String(WINDOW_S)} s`, 'worst second'];
  const told =
    `${table([head, ...rows])}\n` +
    `${(billedS / SECONDS).toFixed(1)} workers in the mean of ${String(SECONDS)} s, ${percent(idle)} of their time with nothing in flight.\n`;
  process.stdout.write(told);
  if (process.argv.includes('--write'))
    writeFileSync(DOC, replaced(readFileSync(DOC, 'utf8'), 'live', 'npm run bench:pace -- --write', told));
  return process.argv.includes('--check') && misses > 0 ? 1 : 0;
}

function course({ log }: Limited): void {
  const first = log[0]?.at ?? 0;
  for (let s = 0; s < SECONDS; s += 5) {
    const inside = log.filter(({ at }) => at >= first + s * 1000 && at < first + (s + 5) * 1000);
    const refused = inside.filter(({ ok }) => !ok).length;
    console.log(`  ${String(s).padStart(4)} s: ${String(inside.length / 5)}/s, refused ${String(refused)}`);
  }
}

/** The most requests that came within any so many milliseconds. */
function worstWindow(times: number[], ms: number): number {
  let [worst, from] = [0, 0];
  for (const [i, at] of times.entries()) {
    while (at - (times[from] ?? at) >= ms) from++;
    worst = Math.max(worst, i - from + 1);
  }
  return worst;
}
