/** A host whose limit is known: how fully, how evenly, how fairly and how cheaply workers share it. */
import { Lab } from './lab.ts';
import { jain, worstWindow } from './measures.ts';
import { BASE_MS } from './origin.ts';
import type { Dice } from '../chance.ts';
import { PaceWorker } from './worker.ts';
import { GcraWorker, TokenBucketWorker, WindowWorker } from './known-anchors.ts';

export const KNOWN_METHODS = ['gleaner', 'window', 'bucket', 'gcra'] as const;
export type KnownMethod = (typeof KNOWN_METHODS)[number];

export interface KnownCase {
  method: KnownMethod;
  rate: number;
  seed: string;
  /** Workers of each tenant; by default one tenant with as many as the planner grants. */
  tenants?: number[];
  skewMs?: number;
  /** How late a timer fires at most. */
  lateMs?: number;
  /** Seconds between two crashes of a worker, in the mean. */
  crashSeconds?: number;
  seconds?: number;
}
export interface Known {
  utilisation: number;
  /** Requests in the worst window of a second. */
  worst: number;
  /** The shortest time between two requests, as a part of what it should be. */
  closest: number;
  writesPerRequest: number;
  readsPerRequest: number;
  jain: number;
  tenantJain: number;
}

export const CONCURRENCY = 32;
const WARM_SECONDS = 10;

/** As many workers as the planner lets work at one host (research B): what its rate keeps busy to a half, and one. */
export const plannedWorkers = (rate: number): number => Math.ceil((rate * BASE_MS) / 1000 / (CONCURRENCY / 2)) + 1;

interface Worker {
  crash(): void;
}

export async function measureKnown(given: KnownCase): Promise<Known> {
  const { method, rate, seed, skewMs = 20, lateMs = 1, seconds = rate < 5 ? 120 : 40 } = given;
  const tenants = given.tenants ?? [plannedWorkers(rate)];
  const lab = new Lab(`${seed} known ${String(rate)}`);
  const dice = lab.dice('fleet');
  const sent: number[] = [];
  const byWorker = new Map<string, number>();
  const names = tenants.flatMap((n, tenant) => Array.from({ length: n }, (_, i) => `${String(tenant)}-${String(i)}`));
  const answers = lab.dice('answers');
  const send = (name: string) => {
    if (lab.second >= WARM_SECONDS) {
      sent.push(lab.second);
      byWorker.set(name, (byWorker.get(name) ?? 0) + 1);
    }
    return { kind: 'ok' as const, ms: answerMs(answers) };
  };
  for (const name of names) {
    const tenant = `tenant-${name.split('-')[0] ?? ''}`;
    const start = (): Worker => {
      const skew = dice.between(-skewMs, skewMs);
      const options = { name, rate, workers: names.length, concurrency: CONCURRENCY, skewMs: skew, lateMs, send };
      switch (method) {
        case 'gleaner': {
          const caps = { requestsPerSecond: rate, adapt: false, tenant };
          return new PaceWorker(lab, { ...options, caps });
        }
        case 'window':
          return new WindowWorker(lab, options);
        case 'bucket':
          return new TokenBucketWorker(lab, options);
        case 'gcra':
          return new GcraWorker(lab, options);
      }
    };
    lab.clock.at(lab.clock.now() + dice.between(0, 500), () => live(lab, start, given.crashSeconds, dice));
  }
  await lab.run(WARM_SECONDS);
  const { writes, reads } = lab.table;
  await lab.run(WARM_SECONDS + seconds);
  const requests = sent.length;
  const shares = names.map((name) => byWorker.get(name) ?? 0);
  const byTenant = tenants.map((_, tenant) =>
    names.reduce((sum, name, i) => sum + (name.startsWith(`${String(tenant)}-`) ? (shares[i] ?? 0) : 0), 0),
  );
  return {
    utilisation: requests / (rate * seconds),
    worst: worstWindow(sent, 1),
    closest: rate * Math.min(...sent.slice(1).map((at, i) => at - (sent[i] ?? 0))),
    writesPerRequest: (lab.table.writes - writes) / requests,
    readsPerRequest: (lab.table.reads - reads) / requests,
    jain: jain(shares),
    tenantJain: jain(byTenant),
  };
}

const answerMs = (dice: Dice): number => 120 + dice.between(0, 2 * (BASE_MS - 120));

/** A worker, and after each crash its successor. */
function live(lab: Lab, start: () => Worker, crashSeconds: number | undefined, dice: Dice): void {
  const worker = start();
  if (crashSeconds === undefined) return;
  const livesMs = -Math.log(1 - dice.next()) * crashSeconds * 1000;
  lab.clock.at(lab.clock.now() + livesMs, () => {
    worker.crash();
    lab.clock.at(lab.clock.now() + 1000, () => live(lab, start, crashSeconds, dice));
  });
}
