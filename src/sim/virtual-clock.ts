/** A clock that stands still until `next` is called: then it jumps to the earliest sleeper and wakes it. */
import type { Clock } from '#core/ports.ts';

interface Sleeper {
  at: number;
  order: number;
  wake: () => void;
}

export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #sleepers: Sleeper[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = { at: this.#now + ms, order: this.#order++, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  /** When the next sleeper wakes; undefined when nobody sleeps. */
  get nextAt(): number | undefined {
    return this.#earliest()?.at;
  }

  /** Jumps to the next sleeper and wakes it; false when there is none. */
  next(): boolean {
    const sleeper = this.#earliest();
    if (sleeper === undefined) return false;
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    this.#now = Math.max(this.#now, sleeper.at);
    sleeper.wake();
    return true;
  }

  /** Moves to a time, waking nobody: for what happens while nobody sleeps. */
  moveTo(ms: number): void {
    this.#now = Math.max(this.#now, ms);
  }

  #earliest(): Sleeper | undefined {
    return this.#sleepers.reduce<Sleeper | undefined>(
      (least, sleeper) =>
        least === undefined || sleeper.at < least.at || (sleeper.at === least.at && sleeper.order < least.order)
          ? sleeper
          : least,
      undefined,
    );
  }
}
