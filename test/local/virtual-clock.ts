import type { Clock } from '#core/ports.ts';

/** Time that moves only when told to. */
export class VirtualClock implements Clock {
  #now: number;
  #sleepers: { atMs: number; wake: () => void }[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { atMs: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
        resolve();
      });
    });
  }

  sleeping(): number {
    return this.#sleepers.length;
  }

  /** Wakes sleepers in the order of their times, letting what they start run in between. */
  async advance(ms: number): Promise<void> {
    await settle();
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#sleepers.filter((s) => s.atMs <= until).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.atMs);
      this.#sleepers = this.#sleepers.filter((s) => s !== next);
      next.wake();
      await settle();
    }
    this.#now = until;
  }
}

/** Lets everything run that waits for nothing outside. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
