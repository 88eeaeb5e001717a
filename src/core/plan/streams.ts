/**
 * Demand-packed streams: how many workers a round is worth, and which hosts go to which. A stream is what one worker at a
 * time works on. Hosts are packed by how long they last, slowest first: few streams last as long as the slowest host, kept
 * busy by many of its kind, and the others end when their work is done. A host that brings more work than a stream has room
 * for is cut into parts, and its concurrency is divided among them. Pure; memory is by hosts, not by targets. See
 * `docs/sharding.md` for what it is measured against.
 */
import { SHARD_SECONDS, SHARD_TARGETS_MIN, STREAM_LOAD, STREAM_SECONDS_MIN, WORK_CONCURRENCY_MAX } from '../limits.ts';

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
  packing.cut(seconds * filled, { concurrency, slots });
  packing.pack(seconds * filled, concurrency);
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

/** A stream this full is not looked at again. */
const NEARLY_FULL = 0.98;

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
  cut(room: number, { concurrency, slots }: { concurrency: number; slots: number }): void {
    const count = this.targets.length;
    for (const [i, host] of this.#hosts.entries()) {
      const wanted = Math.ceil((host.targets * host.latencySeconds) / room);
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

  /**
   * Those that last longest first, each to the first stream that has room for it: few streams last as long as the slowest
   * hosts, and the others end when their work is done. What fits nowhere goes to the stream with least work.
   */
  pack(room: number, concurrency: number): void {
    const items: { host: number; part: number; work: number; seconds: number }[] = [];
    for (const [i, host] of this.#hosts.entries()) {
      const { targets, latencySeconds } = host;
      const seconds = targets / throughput(host, concurrency);
      const parts = this.parts.get(i);
      if (parts === undefined) items.push({ host: i, part: -1, work: targets * latencySeconds, seconds });
      else
        for (const [k, part] of parts.entries())
          items.push({ host: i, part: k, work: part.targets * latencySeconds, seconds });
    }
    // By name where equal, so that the order in which a source names hosts changes nothing.
    items.sort(
      (a, b) =>
        b.seconds - a.seconds ||
        b.work - a.work ||
        compare(this.#hosts[a.host]?.name ?? '', this.#hosts[b.host]?.name ?? '') ||
        a.part - b.part,
    );
    let first = 0;
    for (const item of items) {
      while (first < this.work.length - 1 && (this.work[first] ?? 0) >= room * NEARLY_FULL) first++;
      const stream = this.#roomFor(item.work, room, first) ?? this.#leastLoaded;
      this.work[stream] = (this.work[stream] ?? 0) + item.work;
      const parts = this.parts.get(item.host);
      const part = parts?.[item.part];
      if (part !== undefined) part.stream = stream;
      if (item.part < 1) this.streamOf[item.host] = stream;
      this.targets[stream] = (this.targets[stream] ?? 0) + (part?.targets ?? this.#hosts[item.host]?.targets ?? 0);
    }
    this.#joinParts();
  }

  #roomFor(work: number, room: number, first: number): number | undefined {
    for (let stream = first; stream < this.work.length; stream++)
      if ((this.work[stream] ?? 0) + work <= room) return stream;
    return undefined;
  }

  get #leastLoaded(): number {
    return this.work.reduce((least, work, i) => (work < (this.work[least] ?? 0) ? i : least), 0);
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
