/**
 * Demand-packed streams: how many workers a round is worth, and which hosts go to which. A stream is what one worker at a
 * time works on. Hosts are packed by the work they bring, so that few workers are kept busy by many slow hosts; a host that
 * brings more than half a stream's work is cut into parts, and its concurrency is divided among them. Pure; memory is by
 * hosts, not by targets. See `docs/sharding.md` for what it is measured against.
 */
import {
  HOST_PART_SHARE,
  SHARD_SECONDS,
  SHARD_TARGETS_MIN,
  STREAM_LOAD,
  STREAM_SECONDS_MIN,
  WORK_CONCURRENCY_MAX,
} from '../limits.ts';

/** What is known or assumed of a host. */
export interface HostLoad {
  name: string;
  targets: number;
  /** Requests per second it is asked at most. */
  rate: number;
  latencySeconds: number;
}

export interface StreamOptions {
  /** Streams at most: more workers than that there will not be. */
  workers: number;
  /** `pace.concurrency`: in flight per host, over all streams. */
  concurrency: number;
  /** In flight in one worker; absent = `WORK_CONCURRENCY_MAX`. */
  slots?: number;
  /** Targets in a shard at most. */
  shardMax: number;
  /** No plan aims at an end sooner than this; absent = `STREAM_SECONDS_MIN`. */
  secondsMin?: number;
}

export interface Part {
  stream: number;
  targets: number;
  /** In flight on the host by this stream. */
  share: number;
}

export interface StreamPlan {
  /** When the round can end at the earliest, as far as is known: seconds from its start. */
  seconds: number;
  /** Targets of each stream. */
  targets: number[];
  /** Targets a shard of each stream holds at most. */
  shardMax: number[];
  /** Stream of each host, by its place in the input; of a host that is cut, that of its first part. */
  streamOf: Uint32Array;
  /** Hosts that are cut, by their place. */
  parts: Map<number, Part[]>;
}

/** What a host lets through: its rate, and what its requests in flight can bring. */
const throughput = ({ rate, latencySeconds }: HostLoad, concurrency: number): number =>
  Math.min(rate, concurrency / latencySeconds);

export function planStreams(hosts: readonly HostLoad[], options: StreamOptions): StreamPlan {
  const { workers, concurrency, slots = WORK_CONCURRENCY_MAX, secondsMin = STREAM_SECONDS_MIN } = options;
  const filled = slots * STREAM_LOAD;
  let work = 0;
  let critical = 0;
  for (const host of hosts) {
    work += host.targets * host.latencySeconds;
    critical = Math.max(critical, host.targets / throughput(host, concurrency));
  }
  const seconds = Math.max(work / (workers * filled), critical, secondsMin);
  const count = Math.min(workers, Math.max(1, Math.ceil(work / (seconds * filled))));
  const packing = new Packing(hosts, count);
  packing.cut(work / count, { concurrency, slots });
  packing.pack();
  const { targets, streamOf, parts, work: workOf } = packing;
  return { seconds, targets, streamOf, parts, shardMax: targets.map((n, i) => shardMax(n, workOf[i] ?? 0, options)) };
}

/** A shard lasts about as long as may be lost by handing it over late: slow targets make small shards. */
function shardMax(targets: number, work: number, { slots = WORK_CONCURRENCY_MAX, shardMax }: StreamOptions): number {
  if (targets === 0) return shardMax;
  const inTime = Math.round((SHARD_SECONDS * slots * STREAM_LOAD * targets) / work);
  return Math.min(shardMax, Math.max(SHARD_TARGETS_MIN, inTime));
}

/**
 * Workers that one host can use: a worker gives a host half of its slots at most before others go short, and one more hides
 * the gaps. More of them would only compete for the host's record.
 */
export const workersOf = ({ rate, latencySeconds }: HostLoad, slots: number): number =>
  Math.ceil((rate * latencySeconds) / (slots / 2)) + 1;

class Packing {
  readonly #hosts: readonly HostLoad[];
  readonly targets: number[];
  readonly work: number[];
  readonly streamOf: Uint32Array;
  readonly parts = new Map<number, Part[]>();

  constructor(hosts: readonly HostLoad[], count: number) {
    this.#hosts = hosts;
    this.targets = Array.from({ length: count }, () => 0);
    this.work = Array.from({ length: count }, () => 0);
    this.streamOf = new Uint32Array(hosts.length);
  }

  /** Decides which hosts are cut into how many parts; their streams are not known yet. */
  cut(streamWork: number, { concurrency, slots }: { concurrency: number; slots: number }): void {
    const count = this.targets.length;
    for (const [i, host] of this.#hosts.entries()) {
      const wanted = Math.ceil((host.targets * host.latencySeconds) / (streamWork * HOST_PART_SHARE));
      const n = Math.min(wanted, count, concurrency, host.targets, workersOf(host, slots));
      if (n < 2) continue;
      const parts = Array.from({ length: n }, (_, k) => ({
        stream: 0,
        targets: portion(host.targets, n, k),
        share: portion(concurrency, n, k),
      }));
      this.parts.set(i, parts);
    }
  }

  /** Longest first, each to the stream with the least work so far: no stream is more than a third above the best packing. */
  pack(): void {
    const items: { host: number; part: number; work: number }[] = [];
    for (const [i, { targets, latencySeconds }] of this.#hosts.entries()) {
      const parts = this.parts.get(i);
      if (parts === undefined) items.push({ host: i, part: -1, work: targets * latencySeconds });
      else
        for (const [k, part] of parts.entries()) items.push({ host: i, part: k, work: part.targets * latencySeconds });
    }
    // By name where equal, so that the order in which a source names hosts changes nothing.
    items.sort(
      (a, b) =>
        b.work - a.work || compare(this.#hosts[a.host]?.name ?? '', this.#hosts[b.host]?.name ?? '') || a.part - b.part,
    );
    const least = new LeastLoaded(this.work);
    for (const item of items) {
      const stream = least.add(item.work);
      const parts = this.parts.get(item.host);
      const part = parts?.[item.part];
      if (part !== undefined) part.stream = stream;
      if (item.part < 1) this.streamOf[item.host] = stream;
      this.targets[stream] = (this.targets[stream] ?? 0) + (part?.targets ?? this.#hosts[item.host]?.targets ?? 0);
    }
    this.#joinParts();
  }

  /** Two parts of a host that came to the same stream are one. */
  #joinParts(): void {
    for (const [host, parts] of this.parts) {
      const joined = new Map<number, Part>();
      for (const part of parts) {
        const { stream, targets, share } = joined.get(part.stream) ?? { ...part, targets: 0, share: 0 };
        joined.set(part.stream, { stream, targets: targets + part.targets, share: share + part.share });
      }
      this.parts.set(host, [...joined.values()]);
    }
  }
}

/** The k-th of n nearly equal portions of a whole. */
export const portion = (whole: number, n: number, k: number): number =>
  Math.floor((whole * (k + 1)) / n) - Math.floor((whole * k) / n);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Streams in a heap by their work, least first; equal ones by number. Works on the array it is given. */
class LeastLoaded {
  readonly #work: number[];
  readonly #heap: number[];

  constructor(work: number[]) {
    this.#work = work;
    this.#heap = work.map((_, i) => i);
  }

  /** Gives work to the stream that has least; returns which one. */
  add(work: number): number {
    const heap = this.#heap;
    const stream = heap[0] ?? 0;
    this.#work[stream] = (this.#work[stream] ?? 0) + work;
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && this.#before(heap[child] ?? 0, heap[least] ?? 0)) least = child;
      if (least === at) return stream;
      [heap[at], heap[least]] = [heap[least] ?? 0, heap[at] ?? 0];
      at = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [of, than] = [this.#work[a] ?? 0, this.#work[b] ?? 0];
    return of < than || (of === than && a < b);
  }
}
