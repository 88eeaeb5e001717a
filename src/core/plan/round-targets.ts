/**
 * The targets of a round between the two passes of planning. First they are taken as they come and only counted by host;
 * then, with the plan at hand, they are dealt out to shards. Within a stream every host's targets are spread evenly over its
 * shards, whatever the order of the source: hosts that are slow each on its own are then asked side by side.
 */
import { createHash } from 'node:crypto';
import { PLAN_BIN_BYTES, PLAN_CHUNK_BYTES, PLAN_CHUNK_BYTES_MIN, PLAN_HELD_BYTES } from '../limits.ts';
import { Records, eachRecord, type Budget } from './records.ts';
import type { Objects } from '../ports.ts';
import type { StreamPlan } from './streams.ts';

/** What becomes one shard. Shards of a stream follow one another, in the order in which they are dealt. */
export interface Dealt {
  stream: number;
  targets: number;
  /** One for each target, each ended by a line feed. */
  lines: Uint8Array;
  /** Some of the hosts in it. */
  hosts: string[];
}

export interface RoundTargetsOptions {
  objects: Objects;
  /** Name of an object for what does not fit into memory. */
  keyOf: (file: string) => string;
  /** Bytes held in memory; absent = `PLAN_HELD_BYTES`. */
  heldBytes?: number;
  /** Bytes that are put aside at a time; absent = `PLAN_CHUNK_BYTES`. */
  chunkBytes?: number;
}

/** Hosts that are named on a shard's row. */
const HOSTS_SHOWN = 20;

export class RoundTargets {
  readonly #options: RoundTargetsOptions;
  readonly #budget: Budget;
  readonly #spool: Records;
  readonly #ids = new Map<string, number>();
  readonly names: string[] = [];
  /** Targets by host, in the order of `names`. */
  readonly counts: number[] = [];
  #bytes = 0;

  constructor(options: RoundTargetsOptions) {
    this.#options = options;
    this.#budget = { held: 0, max: options.heldBytes ?? PLAN_HELD_BYTES };
    this.#spool = this.#file('all', options.chunkBytes ?? PLAN_CHUNK_BYTES);
  }

  get length(): number {
    return this.#spool.length;
  }

  /** Takes a target; a promise where room has to be made first. */
  add(host: string, line: string): Promise<void> | undefined {
    let id = this.#ids.get(host);
    if (id === undefined) {
      id = this.names.length;
      this.#ids.set(host, id);
      this.names.push(host);
      this.counts.push(0);
    }
    this.counts[id] = (this.counts[id] ?? 0) + 1;
    this.#bytes += line.length;
    return this.#spool.add(0, id, line);
  }

  /** Every target in exactly one shard. May be called once. */
  async *deal(plan: StreamPlan): AsyncGenerator<Dealt> {
    this.#ids.clear();
    const bins = new Bins(plan, this.#bytes / Math.max(1, this.length));
    const chunkBytes =
      this.#options.chunkBytes ??
      Math.max(PLAN_CHUNK_BYTES_MIN, Math.min(PLAN_CHUNK_BYTES, PLAN_HELD_BYTES / bins.count));
    const files = Array.from({ length: bins.count }, (_, i) => this.#file(`bin-${String(i)}`, chunkBytes));
    const place = new Places(plan, this.names, this.counts);
    for await (const chunk of this.#spool.chunks())
      await eachRecord(chunk, (_, host, start, end) => {
        place.next(host);
        const [bin, slot] = bins.of(place.stream, place.key);
        return files[bin]?.copy(slot, host, chunk, start, end);
      });
    for (const [i, file] of files.entries()) yield* this.#dealBin(file, bins.streamOf(i), plan);
  }

  async *#dealBin(file: Records, stream: number, plan: StreamPlan): AsyncGenerator<Dealt> {
    const chunks: Buffer[] = [];
    for await (const chunk of file.chunks()) chunks.push(chunk);
    const bin = await Bin.of(chunks);
    const shards = Math.ceil(bin.length / (plan.shardMax[stream] ?? 1));
    for (let i = 0, from = 0; i < shards; i++) {
      const to = Math.floor((bin.length * (i + 1)) / shards);
      const hosts = new Set<string>();
      for (let at = from; at < to && hosts.size < HOSTS_SHOWN; at++) hosts.add(this.names[bin.host(at)] ?? '');
      yield { stream, targets: to - from, lines: bin.lines(from, to), hosts: [...hosts] };
      from = to;
    }
  }

  #file(name: string, chunkBytes: number): Records {
    const { objects, keyOf } = this.#options;
    const budget = this.#budget;
    return new Records({ objects, keyOf: (chunk) => keyOf(`${name}-${String(chunk)}`), chunkBytes, budget });
  }
}

/** Consecutive pieces of streams, each small enough to be put into order in memory. */
class Bins {
  readonly #first: number[] = [];
  readonly #streams: number[] = [];
  readonly #of: number[] = [];

  constructor({ targets }: StreamPlan, bytesPerTarget: number) {
    for (const [stream, n] of targets.entries()) {
      const count = Math.max(1, Math.ceil((n * bytesPerTarget) / PLAN_BIN_BYTES));
      this.#first.push(this.#streams.length);
      this.#of.push(count);
      for (let i = 0; i < count; i++) this.#streams.push(stream);
    }
  }

  get count(): number {
    return this.#streams.length;
  }

  streamOf(bin: number): number {
    return this.#streams[bin] ?? 0;
  }

  /** @param key in [0, 1): how far into the stream. @returns the bin, and the place within it as a 32-bit number. */
  of(stream: number, key: number): [bin: number, slot: number] {
    const at = key * (this.#of[stream] ?? 1);
    const bin = Math.floor(at);
    return [(this.#first[stream] ?? 0) + bin, Math.floor((at - bin) * 2 ** 32)];
  }
}

/** Where the next target of a host belongs: its stream, and how far into it. */
class Places {
  readonly #plan: StreamPlan;
  readonly #counts: readonly number[];
  /** Where a host begins within the first of its intervals: apart from where others do. */
  readonly #phases: Float32Array;
  readonly #taken: Uint32Array;
  stream = 0;
  key = 0;

  constructor(plan: StreamPlan, names: readonly string[], counts: readonly number[]) {
    this.#plan = plan;
    this.#counts = counts;
    this.#taken = new Uint32Array(names.length);
    this.#phases = Float32Array.from(names, phaseOf);
  }

  next(host: number): void {
    const k = this.#taken[host] ?? 0;
    this.#taken[host] = k + 1;
    let from = 0;
    let targets = this.#counts[host] ?? 1;
    this.stream = this.#plan.streamOf[host] ?? 0;
    const parts = this.#plan.parts.get(host);
    for (const part of parts ?? []) {
      this.stream = part.stream;
      targets = part.targets;
      if (k < from + targets) break;
      from += targets;
    }
    this.key = Math.min((k - from + (this.#phases[host] ?? 0)) / targets, 1 - 2 ** -33);
  }
}

const phaseOf = (name: string): number => createHash('md5').update(name).digest().readUInt32LE(0) / (2 ** 32 + 1);

/** The records of a bin in the order of their slots. */
class Bin {
  readonly #bytes: Buffer;
  readonly #starts: Uint32Array;
  readonly #order: Float64Array;

  private constructor(bytes: Buffer, starts: Uint32Array, order: Float64Array) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#order = order;
  }

  static async of(chunks: Buffer[]): Promise<Bin> {
    const [only, ...more] = chunks;
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(chunks);
    const starts: number[] = [];
    const order: number[] = [];
    await eachRecord(bytes, (slot, _, start) => {
      // Equal slots stay in the order in which they came.
      order.push(slot * ORDER_MAX + starts.length);
      starts.push(start);
      return undefined;
    });
    if (starts.length > ORDER_MAX) throw new RangeError(`a bin of ${String(starts.length)} targets`);
    return new Bin(bytes, Uint32Array.from(starts), Float64Array.from(order).sort());
  }

  get length(): number {
    return this.#starts.length;
  }

  /** Bytes in, bytes out: nothing is decoded that is only to be written again. */
  lines(from: number, to: number): Uint8Array {
    let length = to - from;
    for (let i = from; i < to; i++) length += this.#length(this.#start(i));
    const out = Buffer.allocUnsafe(length);
    let at = 0;
    for (let i = from; i < to; i++) {
      const start = this.#start(i);
      at += this.#bytes.copy(out, at, start, start + this.#length(start));
      out[at++] = LF;
    }
    return out;
  }

  #length(start: number): number {
    return this.#bytes.readUInt32LE(start - 4);
  }

  host(i: number): number {
    return this.#bytes.readUInt32LE(this.#start(i) - 8);
  }

  #start(i: number): number {
    return this.#starts[(this.#order[i] ?? 0) % ORDER_MAX] ?? 0;
  }
}

const LF = 10;
/** With a 32-bit slot in front of it an order number below this fits into a double. */
const ORDER_MAX = 2 ** 21;
