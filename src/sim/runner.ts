/** Many seeds over several threads. */
import { Worker } from 'node:worker_threads';
import type { FaultKind } from './faults.ts';
import type { Told } from './thread.ts';
import type { Violation } from './invariants.ts';

export interface Summary {
  seeds: number;
  runs: number;
  targets: number;
  crashes: number;
  virtualHours: number;
  events: number;
  faults: Partial<Record<FaultKind, number>>;
  ends: Record<string, number>;
  /** Seeds at which something was violated, lowest first. */
  failed: { seed: string; plan: string; violations: Violation[] }[];
  seconds: number;
}
export interface RunnerOptions {
  script: string;
  seeds: readonly string[];
  threads: number;
  /** Give out no more seeds once one has failed. */
  stopAtFirst?: boolean;
  onSeed?: (summary: Summary) => void;
}

export async function runSeeds({ script, seeds, threads, stopAtFirst, onSeed }: RunnerOptions): Promise<Summary> {
  const startedAt = performance.now();
  const summary: Summary = {
    ...{ seeds: 0, runs: 0, targets: 0, crashes: 0, virtualHours: 0, events: 0, faults: {}, ends: {} },
    ...{ failed: [], seconds: 0 },
  };
  const order = new Map(seeds.map((seed, i) => [seed, i]));
  let next = 0;
  const give = (): string | undefined =>
    stopAtFirst === true && summary.failed.length > 0 ? undefined : seeds[next++];
  const take = (told: Told): void => {
    addTo(summary, told);
    summary.seconds = (performance.now() - startedAt) / 1000;
    onSeed?.(summary);
  };
  await Promise.all(Array.from({ length: threads }, () => runThread(script, give, take)));
  summary.failed.sort((a, b) => (order.get(a.seed) ?? 0) - (order.get(b.seed) ?? 0));
  summary.seconds = (performance.now() - startedAt) / 1000;
  return summary;
}

/** Seeds given out ahead, so that a thread never waits for the next one. */
const AHEAD = 4;

function runThread(script: string, give: () => string | undefined, take: (told: Told) => void): Promise<void> {
  const worker = new Worker(script, { eval: true });
  let under = 0;
  const feed = (): void => {
    while (under < AHEAD) {
      const seed = give();
      if (seed === undefined) break;
      under++;
      worker.postMessage(seed);
    }
  };
  return new Promise((resolve, reject) => {
    const over = (): void => {
      if (under === 0) void worker.terminate().then(() => resolve());
    };
    worker.on('error', reject);
    worker.on('message', (told: Told) => {
      under--;
      take(told);
      feed();
      over();
    });
    feed();
    over();
  });
}

function addTo(summary: Summary, told: Told): void {
  summary.seeds++;
  summary.runs += told.runs;
  summary.targets += told.targets;
  summary.crashes += told.crashes;
  summary.virtualHours += told.virtualMs / 3_600_000;
  summary.events += told.events;
  addCounts(summary.faults, told.faults);
  addCounts(summary.ends, told.ends);
  const { seed, plan, violations } = told;
  if (violations.length > 0) summary.failed.push({ seed, plan, violations });
}

function addCounts(into: Record<string, number>, from: Record<string, number>): void {
  for (const [name, n] of Object.entries(from)) into[name] = (into[name] ?? 0) + n;
}
