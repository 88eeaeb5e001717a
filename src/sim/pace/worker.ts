/** A worker with the pace of `src/core/pace`: what a session does with a host, without shards. */
import { HostPace, type Ticket } from '#core/pace/host-pace.ts';
import type { Caps } from '#core/pace/caps.ts';
import type { Outcome } from '#core/pace/feedback.ts';
import type { Lab } from './lab.ts';
import type { Reply } from './origin.ts';
import type { Timer } from '../virtual-clock.ts';

export interface WorkerOptions {
  name: string;
  caps: Caps;
  concurrency: number;
  /** Its clock is this much ahead of the table's. */
  skewMs: number;
  /** How late a timer fires at most. */
  lateMs: number;
  /** Sends one request now. */
  send: (worker: string) => Reply;
}

export class PaceWorker {
  readonly #lab: Lab;
  readonly #options: WorkerOptions;
  readonly #late: () => number;
  readonly pace: HostPace;
  #inFlight = 0;
  #timer: Timer | undefined;
  #isGone = false;

  constructor(lab: Lab, options: WorkerOptions) {
    const { name, caps, skewMs, lateMs } = options;
    this.#lab = lab;
    this.#options = options;
    const dice = lab.dice(`worker ${name}`);
    this.#late = () => dice.next() * lateMs;
    const clock = { now: () => lab.clock.now() + skewMs };
    this.pace = new HostPace({ pace: lab.table, clock, chance: () => dice.next() }, 'host.example', caps);
    this.#pump();
  }

  /** Is gone without a word: what it held is lost. */
  crash(): void {
    this.#isGone = true;
    this.#timer?.cancel();
  }

  #pump(): void {
    if (this.#isGone) return;
    const { skewMs, concurrency } = this.#options;
    const now = this.#lab.clock.now() + skewMs;
    while (this.#inFlight < concurrency && this.pace.slotAt(now) <= now) this.#send(this.pace.take(now));
    const demand = { waiting: 1_000_000, free: concurrency - this.#inFlight, share: concurrency };
    let askAt = this.pace.askAt(now, demand);
    if (askAt <= now) {
      void this.pace.ask(demand).then(() => this.#pump());
      askAt = Infinity;
    }
    const wakeAt = Math.min(askAt, this.#inFlight < concurrency ? this.pace.slotAt(now) : Infinity);
    this.#timer?.cancel();
    if (wakeAt < Infinity)
      this.#timer = this.#lab.clock.at(Math.max(wakeAt, now) - skewMs + this.#late(), () => this.#pump());
  }

  #send(ticket: Ticket): void {
    this.#inFlight++;
    const reply = this.#options.send(this.#options.name);
    this.#lab.clock.at(this.#lab.clock.now() + reply.ms, () => {
      if (this.#isGone) return;
      this.#inFlight--;
      const outcome = outcomeOf(reply);
      this.pace.back(ticket, outcome, this.#lab.clock.now() + this.#options.skewMs);
      this.#pump();
    });
  }
}

function outcomeOf({ kind, ms, retryAfterMs }: Reply): Outcome {
  if (kind === 'ok') return { kind, ms };
  if (kind === 'silent') return { kind };
  return { kind, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
