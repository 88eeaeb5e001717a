/** A host whose limit nobody knows, and which changes: how much of it is used, at how many refusals, how quickly found. */
import { Lab } from './lab.ts';
import { BASE_MS, originOf, type OriginKind, type Reply } from './origin.ts';
import { PaceWorker } from './worker.ts';
import { startAnchor, type AnchorName } from './unknown-anchors.ts';
import { Capacity, SCHEDULES, type ScheduleName } from './capacity.ts';

export interface UnknownCase {
  method: 'gleaner' | AnchorName;
  origin: OriginKind;
  schedule: ScheduleName;
  seed: string;
  workers?: number;
  /** Answers take so many times as long. */
  slower?: number;
}

export interface Unknown {
  /** Of the whole time without settling: accepted as a part of what the host could bear. */
  goodput: number;
  /** Refused for load, as a part of what was sent. */
  rejects: number;
  /** Mean time of an answer, as a multiple of what it is where nothing queues. */
  latency: number;
  /** The same from the first second to the last. */
  goodputAll: number;
  rejectsAll: number;
  writesPerRequest: number;
  /** Seconds after the start and after each step until it is settled; Infinity: not before the next step. */
  settledAfter: number[];
  /** By second: accepted, refused. */
  accepted: number[];
  refused: number[];
}

const CONCURRENCY = 32;
const SETTLED_SECONDS = 5;

export async function measureUnknown({
  method,
  origin,
  schedule,
  seed,
  workers = 4,
  slower = 1,
}: UnknownCase): Promise<Unknown> {
  const capacity = new Capacity(SCHEDULES[schedule]);
  const lab = new Lab(`${seed} unknown ${origin}`);
  const host = originOf(origin, capacity, lab.dice('origin'));
  const { seconds } = capacity.schedule;
  const log = new Log(capacity);
  const send = (): Reply => {
    const { second } = lab;
    const reply = host.ask(second);
    log.note(second, reply);
    return { ...reply, ms: reply.ms * slower };
  };
  if (method === 'gleaner') startGleaner(lab, workers, send);
  else startAnchor(method, lab, workers * CONCURRENCY, send);
  await lab.run(seconds);
  return log.figures(lab.table.writes);
}

function startGleaner(lab: Lab, workers: number, send: () => Reply): void {
  const dice = lab.dice('fleet');
  const caps = { requestsPerSecond: 1000, adapt: true };
  for (let i = 0; i < workers; i++) {
    const skewMs = dice.between(-20, 20);
    const options = { name: String(i), caps, concurrency: CONCURRENCY, skewMs, lateMs: 1, send };
    lab.clock.at(lab.clock.now() + dice.between(0, 500), () => new PaceWorker(lab, options));
  }
}

class Log {
  readonly #capacity: Capacity;
  readonly #accepted: number[];
  readonly #refused: number[];
  #all = { sent: 0, ok: 0, refused: 0 };
  #steady = { sent: 0, ok: 0, refused: 0, ms: 0 };

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
    this.#accepted = Array.from({ length: capacity.schedule.seconds }, () => 0);
    this.#refused = [...this.#accepted];
  }

  note(second: number, { kind, ms, isNoise }: Reply): void {
    const i = Math.floor(second);
    const isRefused = kind !== 'ok' && isNoise !== true;
    // What failed by chance was served all the same.
    if (isRefused) this.#refused[i] = (this.#refused[i] ?? 0) + 1;
    else this.#accepted[i] = (this.#accepted[i] ?? 0) + 1;
    for (const sums of this.#capacity.isSteady(second) ? [this.#all, this.#steady] : [this.#all]) {
      sums.sent++;
      sums.refused += Number(isRefused);
      sums.ok += Number(!isRefused);
    }
    if (!isRefused && this.#capacity.isSteady(second)) this.#steady.ms += ms;
  }

  figures(writes: number): Unknown {
    const [all, steady] = [this.#all, this.#steady];
    const { seconds, steps } = this.#capacity.schedule;
    let bears = 0;
    for (let i = 0; i < seconds; i++) if (this.#capacity.isSteady(i)) bears += this.#capacity.between(i, i + 1);
    return {
      goodput: steady.ok / bears,
      rejects: steady.refused / Math.max(1, steady.sent),
      latency: steady.ms / Math.max(1, steady.ok) / BASE_MS,
      goodputAll: all.ok / this.#capacity.between(0, seconds),
      rejectsAll: all.refused / Math.max(1, all.sent),
      writesPerRequest: writes / Math.max(1, all.sent),
      settledAfter: [0, ...steps].map((from, i) => this.#settledAfter(from, steps[i] ?? seconds)),
      accepted: this.#accepted,
      refused: this.#refused,
    };
  }

  /** The end of the first five seconds in which nine tenths of the capacity were used and one request in twenty was refused. */
  #settledAfter(from: number, until: number): number {
    for (let at = from; at + SETTLED_SECONDS <= until; at++) {
      const ok = sum(this.#accepted, at, SETTLED_SECONDS);
      const refused = sum(this.#refused, at, SETTLED_SECONDS);
      const bears = this.#capacity.between(at, at + SETTLED_SECONDS);
      if (ok >= 0.9 * bears && refused <= 0.05 * (ok + refused)) return at + SETTLED_SECONDS - from;
    }
    return Infinity;
  }
}

function sum(values: readonly number[], from: number, length: number): number {
  let total = 0;
  for (let i = from; i < from + length; i++) total += values[i] ?? 0;
  return total;
}
