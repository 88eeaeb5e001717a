/**
 * Cutting targets into shards while they stream by. A host whose targets fill more than one shard gets lanes: shards that
 * follow one another, so that `pace.concurrency` holds for the host however many shards it has. Hosts that fit into one
 * shard are packed together and never split. Memory is bounded by `bufferMax`; only past it may a host that reappears be
 * worked on in two shards at once.
 */
import { LANE_CONCURRENCY_MAX, PLAN_BUFFER_TARGETS_MAX, SHARD_TARGETS_MAX, WORK_CONCURRENCY_MAX } from './limits.ts';
import type { RequestSpec } from './task.ts';

export interface PlannedTarget extends RequestSpec {
  depth?: number;
  from?: string;
}

export interface Cut {
  targets: PlannedTarget[];
  hosts: string[];
  /** In flight per host that this shard may use. */
  share: number;
  /** Shards of one lane are worked on one after the other. */
  lane?: string;
}

export interface CutOptions {
  /** `pace.concurrency` of the task. */
  concurrency: number;
  shardMax?: number;
  bufferMax?: number;
}

export class Cutter {
  readonly #shardMax: number;
  readonly #bufferMax: number;
  readonly #lanes: number;
  readonly #concurrency: number;
  #buffers = new Map<string, PlannedTarget[]>();
  #buffered = 0;
  /** Shards cut so far of hosts that have lanes. */
  readonly #cutOf = new Map<string, number>();

  constructor(options: CutOptions) {
    this.#shardMax = options.shardMax ?? SHARD_TARGETS_MAX;
    this.#bufferMax = options.bufferMax ?? PLAN_BUFFER_TARGETS_MAX;
    this.#concurrency = options.concurrency;
    this.#lanes = Math.ceil(options.concurrency / LANE_CONCURRENCY_MAX);
  }

  /** Takes a target; returns the shards that became full by it. */
  add(target: PlannedTarget, host: string): Cut[] {
    const buffer = this.#buffers.get(host) ?? [];
    if (buffer.length === 0) this.#buffers.set(host, buffer);
    buffer.push(target);
    this.#buffered++;
    if (buffer.length >= this.#shardMax) return [this.#cutLane(host, buffer)];
    return this.#buffered >= this.#bufferMax ? this.finish() : [];
  }

  /** Everything that is left. */
  finish(): Cut[] {
    const cuts: Cut[] = [];
    let targets: PlannedTarget[] = [];
    let hosts: string[] = [];
    const close = (): void => {
      if (targets.length > 0) cuts.push({ targets, hosts, share: Math.min(this.#concurrency, WORK_CONCURRENCY_MAX) });
      targets = [];
      hosts = [];
    };
    for (const [host, buffer] of this.#buffers) {
      if (this.#cutOf.has(host)) {
        cuts.push(this.#cutLane(host, buffer));
        continue;
      }
      if (targets.length + buffer.length > this.#shardMax) close();
      targets.push(...buffer);
      hosts.push(host);
    }
    close();
    this.#buffers = new Map();
    this.#buffered = 0;
    return cuts;
  }

  #cutLane(host: string, buffer: PlannedTarget[]): Cut {
    const cut = this.#cutOf.get(host) ?? 0;
    this.#cutOf.set(host, cut + 1);
    this.#buffers.delete(host);
    this.#buffered -= buffer.length;
    const share = Math.max(1, Math.floor(this.#concurrency / this.#lanes));
    return { targets: buffer, hosts: [host], share, lane: `${host} ${String(cut % this.#lanes)}` };
  }
}
