/** Rings a bell at a time that is asked for, or earlier. A timer lasts many waits: another is set only to ring sooner. */
import type { Bell } from './bell.ts';
import type { Clock } from '../ports.ts';

const UNSET = 'unset';
/** Sooner by less than this is not worth another timer, nor can one tell such times apart. */
const GRAIN_MS = 1;

export class Alarm {
  readonly #clock: Clock;
  readonly #bell: Bell;
  #at = Infinity;
  #timer: AbortController | undefined;

  constructor(clock: Clock, bell: Bell) {
    this.#clock = clock;
    this.#bell = bell;
  }

  /** @param at UTC ms. Whoever is woken before it sets the alarm again. */
  set(at: number): void {
    if (at > this.#at - GRAIN_MS) return;
    this.unset();
    const timer = new AbortController();
    this.#at = at;
    this.#timer = timer;
    void this.#clock.sleep(Math.max(0, at - this.#clock.now()), timer.signal).then(() => {
      if (this.#timer !== timer) return;
      this.#at = Infinity;
      this.#bell.ring();
    });
  }

  unset(): void {
    // With a reason of our own, as none is made then: an error with its stack.
    this.#timer?.abort(UNSET);
    this.#timer = undefined;
    this.#at = Infinity;
  }
}
