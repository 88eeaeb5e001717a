/** Jobs whose sharding is measured: how many targets which host has, what it bears, how long each request takes. */
import { Dice } from '../chance.ts';

export interface SimHost {
  name: string;
  /** Requests per second that it bears. */
  rate: number;
  meanSeconds: number;
}
export interface Workload {
  name: string;
  workers: number;
  slots: number;
  hosts: SimHost[];
  /** Host and duration of every target, in the order of the source. */
  hostOf: Uint32Array;
  seconds: Float64Array;
  /** What the planner believes: `noisy` estimates, or nothing at all. */
  believes: (host: number) => { rate: number; latencySeconds: number };
}

interface Shape {
  targets: number;
  hosts: number;
  workers: number;
  /** Exponent of the sizes of hosts. */
  zipf: number;
  /** Median and spread of what hosts bear. */
  rate: [median: number, sigma: number];
  pareto?: boolean;
  sorted?: boolean;
}

const MEAN_SECONDS = 0.5;
const SLOW_SHARE = 0.005;
const SLOW_SECONDS = [5, 15] as const;
const PARETO = 1.5;
/** No request lasts longer: the task's time-out. */
const SECONDS_MAX = 30;

/** The workloads of issue 4; `mixed` holds a few large hosts, many small ones and some that are very slow. */
export const SHAPES = {
  zipf: { targets: 50_000, hosts: 500, workers: 50, zipf: 1, rate: [20, 1] },
  longTail: { targets: 50_000, hosts: 10_000, workers: 50, zipf: 0.6, rate: [5, 1] },
  fewHosts: { targets: 50_000, hosts: 20, workers: 50, zipf: 0.7, rate: [30, 0.8] },
  pareto: { targets: 50_000, hosts: 500, workers: 50, zipf: 1, rate: [20, 1], pareto: true },
  capped: { targets: 50_000, hosts: 500, workers: 100, zipf: 1, rate: [2, 1] },
  workBound: { targets: 50_000, hosts: 2_000, workers: 8, zipf: 0.5, rate: [50, 0.5] },
  workBoundPareto: { targets: 50_000, hosts: 2_000, workers: 8, zipf: 0.5, rate: [50, 0.5], pareto: true },
  mixed: { targets: 60_000, hosts: 3_000, workers: 10, zipf: 0.9, rate: [15, 1.5] },
  sorted: { targets: 50_000, hosts: 500, workers: 50, zipf: 1, rate: [20, 1], sorted: true },
} as const satisfies Record<string, Shape>;
export type ShapeName = keyof typeof SHAPES;

export const SLOTS = 16;

export function drawWorkload(name: ShapeName, seed: number, isBlind: boolean): Workload {
  const shape: Shape = SHAPES[name];
  const dice = new Dice(`shards ${name} ${String(seed)}`);
  const hosts = Array.from({ length: shape.hosts }, (_, i) => ({
    name: `h${String(i)}.example`,
    rate: shape.rate[0] * Math.exp(shape.rate[1] * normal(dice)),
    meanSeconds: MEAN_SECONDS * Math.exp(0.5 * normal(dice)),
  }));
  const hostOf = drawHosts(shape, dice);
  const seconds = Float64Array.from(hostOf, (host) => drawSeconds(hosts[host]?.meanSeconds ?? 1, shape, dice));
  const noise = hosts.map(() => [Math.exp(0.15 * normal(dice)), Math.exp(0.4 * normal(dice))] as const);
  const believes = (host: number): { rate: number; latencySeconds: number } => {
    const { rate = 1, meanSeconds = 1 } = hosts[host] ?? {};
    const [rateNoise, latencyNoise] = noise[host] ?? [1, 1];
    return isBlind
      ? { rate: 5, latencySeconds: 0.5 }
      : { rate: rate * rateNoise, latencySeconds: meanSeconds * latencyNoise };
  };
  return { name, workers: shape.workers, slots: SLOTS, hosts, hostOf, seconds, believes };
}

function drawHosts({ targets, hosts, zipf, sorted }: Shape, dice: Dice): Uint32Array {
  const weights = Array.from({ length: hosts }, (_, i) => 1 / (i + 1) ** zipf);
  const sum = weights.reduce((a, b) => a + b, 0);
  const of: number[] = [];
  for (const [host, weight] of weights.entries())
    for (let n = Math.max(1, Math.round((targets * weight) / sum)); n > 0; n--) of.push(host);
  if (sorted !== true)
    for (let i = of.length - 1; i > 0; i--) {
      const j = dice.whole(0, i);
      [of[i], of[j]] = [of[j] ?? 0, of[i] ?? 0];
    }
  return Uint32Array.from(of);
}

function drawSeconds(mean: number, { pareto }: Shape, dice: Dice): number {
  if (dice.is(SLOW_SHARE)) return dice.between(...SLOW_SECONDS);
  const drawn =
    pareto === true
      ? (mean / 3) * Math.max(1e-9, 1 - dice.next()) ** (-1 / PARETO)
      : mean * Math.exp(0.5 * normal(dice) - 0.125);
  return Math.min(SECONDS_MAX, drawn);
}

const normal = (dice: Dice): number =>
  Math.sqrt(-2 * Math.log(Math.max(1e-12, 1 - dice.next()))) * Math.cos(2 * Math.PI * dice.next());

/** What no way of sharding can beat: seconds until the end, and seconds of Lambda. */
export function lowerBounds({ workers, slots, hosts, hostOf, seconds }: Workload): {
  makespan: number;
  billed: number;
} {
  const counts = new Uint32Array(hosts.length);
  let work = 0;
  let longest = 0;
  for (const [i, host] of hostOf.entries()) {
    counts[host] = (counts[host] ?? 0) + 1;
    work += seconds[i] ?? 0;
    longest = Math.max(longest, seconds[i] ?? 0);
  }
  const critical = hosts.reduce((most, { rate }, i) => Math.max(most, ((counts[i] ?? 0) - 1) / rate), 0);
  return { makespan: Math.max(work / (workers * slots), critical, longest), billed: Math.max(work / slots, critical) };
}
