/**
 * A fleet of workers in virtual time: each takes a chain of shards and works on it, some shards open at once, the host with
 * most left for its rate first. Hosts let requests through at their rate, over all workers together. The decision to split a
 * chain is `src/core`'s own, made of what the worker has seen. Time in seconds.
 */
import { PARK_SLOT_AFTER_MS, SPLIT_LOOK_MS, STREAM_SHARDS_OPEN_MAX } from '#core/limits.ts';
import { handedOver, isWorthSplitting, shareAfter } from '#core/work/split.ts';
import { Heap } from './heap.ts';
import type { Workload } from './workload.ts';

/** Shards that follow one another. */
export interface Chain {
  /** Targets of each shard, by their number. */
  shards: number[][];
  /** In flight on a host; absent = no bound but the worker's slots. */
  shareOf?: (host: number) => number;
  splits: number;
}
export interface FleetOptions {
  /** May chains be split? */
  splits: boolean;
}
export interface Measured {
  makespan: number;
  /** Seconds of Lambda, over all workers. */
  billed: number;
  splits: number;
}

/** `pace.concurrency` at its largest: that hosts are bounded by their rates alone, as the lower bound has it. */
export const CONCURRENCY = 256;
/** From a message to the first request: the queue, a warm start, the claim, the targets. */
const START_SECONDS = 0.3;
/** What of it is billed. */
const START_BILLED_SECONDS = 0.2;
/** Delays of the queue are whole seconds. */
const DELAY_SECONDS = 1;
const LOOK_SECONDS = SPLIT_LOOK_MS / 1000;

export function runFleet(workload: Workload, chains: Chain[], options: FleetOptions): Measured {
  return new Fleet(workload, chains, options).run();
}

interface HostLeft {
  host: number;
  targets: number[];
  at: number;
  inFlight: number;
  /** In one of the heaps. */
  isQueued: boolean;
}

class Fleet {
  readonly workload: Workload;
  readonly options: FleetOptions;
  /** When the next request of each host may leave. */
  readonly slotAt: Float64Array;
  readonly #chains: Chain[];
  readonly #events = new Heap<() => void>();
  #next = 0;
  #working = 0;
  #endedAt = 0;
  now = 0;
  billed = 0;
  splits = 0;
  /** When the slowest host known will be through, and who said so: one number on the run's row. */
  critical: { at: number; by: object | undefined } = { at: 0, by: undefined };

  constructor(workload: Workload, chains: Chain[], options: FleetOptions) {
    this.workload = workload;
    this.options = options;
    this.slotAt = new Float64Array(workload.hosts.length);
    this.#chains = [...chains];
  }

  run(): Measured {
    this.#fill();
    while (this.#events.size > 0) {
      this.now = this.#events.key;
      this.#events.pop()?.();
    }
    return { makespan: this.#endedAt, billed: this.billed, splits: this.splits };
  }

  at(seconds: number, what: () => void): void {
    this.#events.push(Math.max(seconds, this.now), what);
  }

  get hasIdleWorkers(): boolean {
    return this.#working + this.#chains.length - this.#next < this.workload.workers;
  }

  add(chain: Chain): void {
    this.#chains.push(chain);
    this.#fill();
  }

  over(): void {
    this.#working--;
    this.#endedAt = this.now;
    this.#fill();
  }

  #fill(): void {
    while (this.#working < this.workload.workers && this.#next < this.#chains.length) {
      const chain = this.#chains[this.#next++];
      if (chain === undefined) return;
      this.#working++;
      const worker = new Worker(this, chain);
      this.at(this.now + START_SECONDS, () => worker.begin());
    }
  }
}

class Worker {
  readonly #fleet: Fleet;
  readonly #chain: Chain;
  readonly #hosts = new Map<number, HostLeft>();
  /** Hosts whose next slot has come, by what is left for their rate, most first. */
  readonly #ready = new Heap<HostLeft>();
  /** Hosts by when their slot comes. */
  readonly #later = new Heap<HostLeft>();
  /** Targets that have not ended, by open shard. */
  readonly #open: number[] = [];
  readonly #shardOf = new Map<number, number>();
  #taken = 0;
  #waiting = 0;
  #behind: number;
  #inFlight = 0;
  #billedFrom = 0;
  #isParked = false;
  #wakeAt = Infinity;
  #isOver = false;
  // What it has seen since it last looked.
  #ended = 0;
  #busySeconds = 0;
  #busyAt = 0;

  constructor(fleet: Fleet, chain: Chain) {
    this.#fleet = fleet;
    this.#chain = chain;
    this.#behind = chain.shards.reduce((sum, shard) => sum + shard.length, 0);
  }

  begin(): void {
    this.#billedFrom = this.#fleet.now - START_BILLED_SECONDS;
    this.#busyAt = this.#fleet.now;
    if (this.#fleet.options.splits) this.#fleet.at(this.#fleet.now + LOOK_SECONDS, () => this.#look());
    this.#go();
  }

  #go(): void {
    if (this.#isOver || this.#isParked) return;
    this.#launch();
    while (
      this.#waiting === 0 &&
      this.#taken < this.#chain.shards.length &&
      this.#openShards < STREAM_SHARDS_OPEN_MAX
    ) {
      this.#take();
      this.#launch();
    }
    if (this.#inFlight > 0) return this.#wake();
    if (this.#waiting === 0 && this.#taken >= this.#chain.shards.length) return this.#end();
    const wait = this.#later.key - this.#fleet.now;
    if (wait <= PARK_SLOT_AFTER_MS / 1000) return this.#wake();
    this.#park(Math.max(this.#later.key, this.#fleet.now + DELAY_SECONDS));
  }

  get #openShards(): number {
    return this.#open.reduce((sum, left) => sum + (left > 0 ? 1 : 0), 0);
  }

  #take(): void {
    const shard = this.#chain.shards[this.#taken] ?? [];
    const number = this.#taken++;
    this.#open[number] = shard.length;
    this.#behind -= shard.length;
    this.#waiting += shard.length;
    for (const target of shard) {
      this.#shardOf.set(target, number);
      const host = this.#fleet.workload.hostOf[target] ?? 0;
      const left = this.#hosts.get(host) ?? { host, targets: [], at: 0, inFlight: 0, isQueued: false };
      left.targets.push(target);
      this.#hosts.set(host, left);
    }
    for (const left of this.#hosts.values()) this.#queue(left);
  }

  #queue(left: HostLeft): void {
    if (left.isQueued || left.at >= left.targets.length || left.inFlight >= this.#share(left.host)) return;
    left.isQueued = true;
    const at = this.#fleet.slotAt[left.host] ?? 0;
    if (at > this.#fleet.now) this.#later.push(at, left);
    else this.#ready.push(-this.#criticalOf(left), left);
  }

  #share(host: number): number {
    const { shareOf, splits } = this.#chain;
    return shareOf === undefined ? Infinity : shareAfter(shareOf(host), splits);
  }

  #criticalOf({ host, targets, at }: HostLeft): number {
    return (targets.length - at) / (this.#fleet.workload.hosts[host]?.rate ?? 1);
  }

  #launch(): void {
    const { now, slotAt, workload } = this.#fleet;
    while (this.#later.key <= now) {
      const left = this.#later.pop();
      if (left === undefined) break;
      left.isQueued = false;
      this.#queue(left);
    }
    while (this.#inFlight < workload.slots && this.#ready.size > 0) {
      const left = this.#ready.pop();
      if (left === undefined) break;
      left.isQueued = false;
      const slot = slotAt[left.host] ?? 0;
      if (slot <= now) {
        slotAt[left.host] = Math.max(slot, now) + 1 / (workload.hosts[left.host]?.rate ?? 1);
        this.#start(left);
      }
      this.#queue(left);
    }
  }

  #start(left: HostLeft): void {
    const target = left.targets[left.at++] ?? 0;
    this.#waiting--;
    left.inFlight++;
    this.#count();
    this.#inFlight++;
    this.#fleet.at(this.#fleet.now + (this.#fleet.workload.seconds[target] ?? 0), () => {
      this.#count();
      this.#inFlight--;
      left.inFlight--;
      this.#ended++;
      const shard = this.#shardOf.get(target) ?? 0;
      this.#open[shard] = (this.#open[shard] ?? 1) - 1;
      this.#shardOf.delete(target);
      this.#queue(left);
      this.#go();
    });
  }

  #count(): void {
    this.#busySeconds += (this.#fleet.now - this.#busyAt) * this.#inFlight;
    this.#busyAt = this.#fleet.now;
  }

  #wake(): void {
    const at = this.#later.key;
    if (this.#inFlight >= this.#fleet.workload.slots || at >= this.#wakeAt || at === Infinity) return;
    this.#wakeAt = at;
    this.#fleet.at(at, () => {
      if (this.#wakeAt === at) this.#wakeAt = Infinity;
      this.#go();
    });
  }

  #park(until: number): void {
    this.#bill();
    this.#isParked = true;
    this.#fleet.at(until, () => {
      this.#isParked = false;
      this.#billedFrom = this.#fleet.now - START_BILLED_SECONDS;
      this.#go();
    });
  }

  #end(): void {
    this.#bill();
    this.#isOver = true;
    this.#fleet.over();
  }

  #bill(): void {
    this.#fleet.billed += this.#fleet.now - this.#billedFrom;
  }

  #look(): void {
    if (this.#isOver) return;
    const { fleet } = this;
    this.#count();
    const busy = this.#busySeconds / LOOK_SECONDS / fleet.workload.slots;
    const perSecond = this.#ended / LOOK_SECONDS;
    this.#busySeconds = 0;
    this.#ended = 0;
    fleet.at(fleet.now + LOOK_SECONDS, () => this.#look());
    let critical = 0;
    for (const left of this.#hosts.values())
      critical = Math.max(critical, this.#criticalOf(left) * othersOf(this.#chain, left.host));
    const [behind, waiting] = [this.#behind, this.#waiting];
    const own = critical * ((behind + waiting) / Math.max(1, waiting));
    if (fleet.critical.by === this || fleet.now + own > fleet.critical.at)
      fleet.critical = { at: fleet.now + own, by: this };
    if (!fleet.hasIdleWorkers) return;
    const criticalSeconds = fleet.critical.at - fleet.now;
    if (isWorthSplitting({ behind, waiting, perSecond, busy, criticalSeconds })) this.#split();
  }

  #split(): void {
    const { shards } = this.#chain;
    const wanted = handedOver({ behind: this.#behind, waiting: this.#waiting });
    let [from, given] = [shards.length, 0];
    while (from > this.#taken && given < wanted) given += shards[--from]?.length ?? 0;
    if (given === 0) return;
    this.#chain.splits++;
    this.fleet.splits++;
    this.#behind -= given;
    this.fleet.add({ ...this.#chain, shards: shards.splice(from) });
  }

  get fleet(): Fleet {
    return this.#fleet;
  }
}

/** How many streams like this one a host's targets are in, as its share tells. */
const othersOf = ({ shareOf, splits }: Chain, host: number): number =>
  shareOf === undefined ? 1 : (CONCURRENCY / shareOf(host)) * 2 ** splits;
