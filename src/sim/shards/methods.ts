/** Ways of dealing the targets of a job out to workers: ours, which is `src/core`'s planner itself, and those it is held against. */
import { MemoryObjects } from '../memory-objects.ts';
import { RoundTargets } from '#core/plan/round-targets.ts';
import { planStreams, type StreamPlan } from '#core/plan/streams.ts';
import { Dice } from '../chance.ts';
import { CONCURRENCY, type Chain } from './fleet.ts';
import type { Workload } from './workload.ts';

const CHUNK = 500;
/** Targets in a shard: a quarter of what 64 slots have. */
const SHARD_TARGETS = 250;

export const METHODS = {
  sequential: (workload) => chunks([...workload.hostOf.keys()]),
  shuffled: (workload) => chunks(shuffled([...workload.hostOf.keys()])),
  hashByHost: (workload) => byWorker(workload, (host) => hashOf(workload.hosts[host]?.name ?? '') % workload.workers),
  lptHosts: (workload) => {
    const { streamOf } = packed(workload, 1);
    return byWorker(workload, (host) => streamOf[host] ?? 0);
  },
  lptChunks: (workload) => lptChunks(workload),
  streams: (workload) => streams(workload),
} as const satisfies Record<string, (workload: Workload) => Chain[] | Promise<Chain[]>>;
export type MethodName = keyof typeof METHODS;

const chunks = (targets: number[]): Chain[] =>
  Array.from({ length: Math.ceil(targets.length / CHUNK) }, (_, i) => ({
    shards: [targets.slice(i * CHUNK, (i + 1) * CHUNK)],
    splits: 0,
  }));

function shuffled(targets: number[]): number[] {
  const dice = new Dice('shuffled');
  for (let i = targets.length - 1; i > 0; i--) {
    const j = dice.whole(0, i);
    [targets[i], targets[j]] = [targets[j] ?? 0, targets[i] ?? 0];
  }
  return targets;
}

function hashOf(name: string): number {
  let hash = 2166136261;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  return hash;
}

function byWorker({ hostOf, workers }: Workload, workerOf: (host: number) => number): Chain[] {
  const all = Array.from({ length: workers }, (): number[] => []);
  for (const [target, host] of hostOf.entries()) all[workerOf(host)]?.push(target);
  return all.filter((targets) => targets.length > 0).map((targets) => ({ shards: [targets], splits: 0 }));
}

function countsOf({ hosts, hostOf }: Workload): number[] {
  const counts = hosts.map(() => 0);
  for (const host of hostOf) counts[host] = (counts[host] ?? 0) + 1;
  return counts;
}

/** Longest first to the worker with least, hosts whole. */
function packed(workload: Workload, seed: number): { streamOf: number[] } {
  const counts = countsOf(workload);
  const load = Array.from({ length: workload.workers }, () => 0);
  const streamOf: number[] = [];
  const work = (host: number): number => (counts[host] ?? 0) * workload.believes(host).latencySeconds * seed;
  for (const host of [...counts.keys()].sort((a, b) => work(b) - work(a))) {
    const least = load.indexOf(Math.min(...load));
    streamOf[host] = least;
    load[least] = (load[least] ?? 0) + work(host);
  }
  return { streamOf };
}

/** Each host cut into chunks, the longest chunk first. */
function lptChunks(workload: Workload): Chain[] {
  const byHost = new Map<number, number[]>();
  for (const [target, host] of workload.hostOf.entries()) byHost.set(host, [...(byHost.get(host) ?? []), target]);
  const all = [...byHost].flatMap(([host, targets]) =>
    chunks(targets).map((chain) => ({
      chain,
      seconds: (chain.shards[0]?.length ?? 0) / Math.max(1e-9, workload.believes(host).rate),
    })),
  );
  return all.sort((a, b) => b.seconds - a.seconds).map(({ chain }) => chain);
}

async function streams(workload: Workload): Promise<Chain[]> {
  const targets = new RoundTargets({ objects: new MemoryObjects(), keyOf: (file) => file });
  for (const [i, host] of workload.hostOf.entries())
    await targets.add(workload.hosts[host]?.name ?? '', `${String(i)}`);
  const ids = new Map(workload.hosts.map(({ name }, i) => [name, i]));
  const loads = targets.names.map((name, i) => ({
    name,
    targets: targets.counts[i] ?? 0,
    ...workload.believes(ids.get(name) ?? 0),
  }));
  const { workers, slots } = workload;
  const plan = planStreams(loads, { workers, slots, concurrency: CONCURRENCY, shardMax: SHARD_TARGETS });
  const chains = plan.targets.map((_, stream): Chain => {
    const shares = sharesOf(plan, stream, targets.names, ids);
    return { shards: [], splits: 0, shareOf: (host) => shares.get(host) ?? CONCURRENCY };
  });
  for await (const { stream, lines } of targets.deal(plan)) chains[stream]?.shards.push(linesOf(lines).map(Number));
  return chains.filter(({ shards }) => shards.length > 0);
}

const linesOf = (bytes: Uint8Array): string[] => new TextDecoder().decode(bytes).trimEnd().split('\n');

function sharesOf(plan: StreamPlan, stream: number, names: string[], ids: Map<string, number>): Map<number, number> {
  const shares = new Map<number, number>();
  for (const [host, parts] of plan.parts)
    for (const part of parts) if (part.stream === stream) shares.set(ids.get(names[host] ?? '') ?? 0, part.share);
  return shares;
}
