/**
 * The shard queue and its event source: at least once, in any order, hidden while a worker has it, dead letters after too
 * many deliveries, and not more workers at once than the stage allows.
 */
import { WORK_RECEIVES_MAX } from '#core/limits.ts';
import type { DeadMessage, DeadMessages, ShardMessage, ShardQueue } from '#core/ports.ts';
import type { Trouble } from './faults.ts';
import type { VirtualClock } from './virtual-clock.ts';

interface Queued {
  id: string;
  message: ShardMessage;
  sentAt: number;
  visibleAt: number;
  receives: number;
}

/** Hidden this long after it was received from the dead letters. */
const DEAD_HIDDEN_MS = 300_000;

export class Channel implements ShardQueue, DeadMessages {
  readonly #clock: VirtualClock;
  readonly #trouble: Trouble;
  readonly #options: { workers: number; visibilityMs: number };
  readonly #work: (message: ShardMessage) => Promise<boolean>;
  #queued: Queued[] = [];
  #dead: (DeadMessage & { visibleAt: number })[] = [];
  #working = 0;
  #ids = 0;

  /** @param work true when the message has been dealt with. */
  constructor(
    clock: VirtualClock,
    trouble: Trouble,
    options: { workers: number; visibilityMs: number },
    work: (message: ShardMessage) => Promise<boolean>,
  ) {
    this.#clock = clock;
    this.#trouble = trouble;
    this.#options = options;
    this.#work = work;
  }

  get length(): number {
    return this.#queued.length;
  }

  send(messages: ShardMessage[], delaySeconds = 0): Promise<void> {
    for (const message of messages) this.#accept(message, delaySeconds * 1000);
    return Promise.resolve();
  }

  #accept(message: ShardMessage, delayMs: number): void {
    const now = this.#clock.now();
    const { duplicated, lost, late } = this.#trouble.plan.message;
    const copies = this.#trouble.befalls('duplicated', duplicated, now) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      let visibleAt = now + delayMs;
      if (this.#trouble.befalls('messageLost', lost, now)) visibleAt += this.#trouble.between(60_000, 5_400_000);
      else if (this.#trouble.befalls('messageLate', late, now)) visibleAt += this.#trouble.between(100, 30_000);
      this.#queued.push({ id: `m${String(++this.#ids)}`, message, sentAt: now, visibleAt, receives: 0 });
      this.#clock.at(visibleAt, () => this.#pump());
    }
  }

  #pump(): void {
    while (this.#working < this.#options.workers) {
      const now = this.#clock.now();
      const ready = this.#queued.filter(({ visibleAt }) => visibleAt <= now);
      // No order is promised: any message that is there may be next.
      const next = ready[Math.floor(this.#trouble.between(0, ready.length))];
      if (next === undefined) return;
      if (++next.receives > WORK_RECEIVES_MAX) this.#bury(next);
      else this.#deliver(next);
    }
  }

  #deliver(queued: Queued): void {
    const hiddenUntil = this.#clock.now() + this.#options.visibilityMs;
    queued.visibleAt = hiddenUntil;
    this.#clock.at(hiddenUntil, () => this.#pump());
    this.#working++;
    void this.#work({ ...queued.message }).then((isDone) => {
      this.#working--;
      if (isDone) this.#queued = this.#queued.filter((other) => other !== queued);
      this.#clock.at(this.#clock.now(), () => this.#pump());
    });
  }

  #bury(queued: Queued): void {
    const { id, sentAt, message } = queued;
    this.#queued = this.#queued.filter((other) => other !== queued);
    this.#dead.push({ id, receipt: id, sentAt, body: JSON.stringify(message), visibleAt: 0 });
  }

  /** Puts something among the dead letters that no worker could read. */
  buryJunk(body: string): void {
    const id = `m${String(++this.#ids)}`;
    this.#dead.push({ id, receipt: id, sentAt: this.#clock.now(), body, visibleAt: 0 });
  }

  receive(): Promise<DeadMessage[]> {
    const now = this.#clock.now();
    const found = this.#dead.filter(({ visibleAt }) => visibleAt <= now).slice(0, 10);
    for (const each of found) each.visibleAt = now + DEAD_HIDDEN_MS;
    return Promise.resolve(found.map(({ visibleAt: _, ...message }) => message));
  }

  drop(receipt: string): Promise<void> {
    this.#dead = this.#dead.filter((each) => each.receipt !== receipt);
    return Promise.resolve();
  }
}
