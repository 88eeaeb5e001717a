import type { Clock } from '../ports.ts';

/**
 * Wakes one waiting loop: a ring before the wait is not lost, several rings are one. It is heard once all that has arrived is taken in, so
 * that answers which come together, as they do from a fast host, make the loop look once.
 */
export class Bell {
  readonly #clock: Clock;
  #rung = false;
  #waiter: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#waiter?.();
  }

  async wait(): Promise<void> {
    if (!this.#rung) await new Promise<void>((resolve) => (this.#waiter = resolve));
    this.#waiter = undefined;
    await this.#clock.sleep(0);
    this.#rung = false;
  }
}
