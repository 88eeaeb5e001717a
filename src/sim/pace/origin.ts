/** Models of a host that limits its clients, in four ways. Nothing here knows how it is paced. */
import type { Dice } from '../chance.ts';
import type { Capacity } from './capacity.ts';

export interface Reply {
  kind: 'ok' | 'limited' | 'error' | 'silent';
  /** From request to answer. */
  ms: number;
  retryAfterMs?: number;
  /** A failure that has nothing to do with load. */
  isNoise?: boolean;
}
export interface Origin {
  /** Requests must be made in the order of time. @param second since the start. */
  ask(second: number): Reply;
}
export type OriginKind = 'bucket' | 'quota' | 'queue' | 'noisy';
export const ORIGINS: readonly OriginKind[] = ['bucket', 'quota', 'queue', 'noisy'];

/** What an answer takes where nothing queues: log-normal, mean 204 ms. */
export const BASE_MS = 204;
const answerMs = (dice: Dice): number => 180 * Math.exp(0.5 * normal(dice));
/** A refusal costs a host little. */
const refusalMs = (dice: Dice): number => dice.between(30, 70);
const normal = (dice: Dice): number => Math.sqrt(-2 * Math.log(1 - dice.next())) * Math.cos(2 * Math.PI * dice.next());

export function originOf(kind: OriginKind, capacity: Capacity, dice: Dice): Origin {
  switch (kind) {
    case 'bucket':
      return new Bucket(capacity, dice, 0);
    case 'noisy':
      return new Bucket(capacity, dice, 0.01);
    case 'quota':
      return new Quota(capacity, dice);
    case 'queue':
      return new Queue(capacity, dice);
  }
}

/** A token bucket that holds half a second of the capacity (at least two requests); 429 without Retry-After. */
class Bucket implements Origin {
  readonly #capacity: Capacity;
  readonly #dice: Dice;
  readonly #noise: number;
  #tokens = 1;
  #at = 0;

  constructor(capacity: Capacity, dice: Dice, noise: number) {
    this.#capacity = capacity;
    this.#dice = dice;
    this.#noise = noise;
  }

  ask(second: number): Reply {
    const most = Math.max(2, 0.5 * this.#capacity.at(second));
    this.#tokens = Math.min(most, this.#tokens + this.#capacity.between(this.#at, second));
    this.#at = second;
    if (this.#tokens < 1) return { kind: 'limited', ms: refusalMs(this.#dice) };
    this.#tokens--;
    if (this.#dice.is(this.#noise)) return { kind: 'error', ms: answerMs(this.#dice), isNoise: true };
    return { kind: 'ok', ms: answerMs(this.#dice) };
  }
}

const WINDOW_SECONDS = 10;

/** So many requests in each window of ten seconds; 429 with the whole seconds to its end. */
class Quota implements Origin {
  readonly #capacity: Capacity;
  readonly #dice: Dice;
  readonly #phase: number;
  #window = -Infinity;
  #left = 0;

  constructor(capacity: Capacity, dice: Dice) {
    this.#capacity = capacity;
    this.#dice = dice;
    this.#phase = dice.between(0, WINDOW_SECONDS);
  }

  ask(second: number): Reply {
    const window = Math.floor((second + this.#phase) / WINDOW_SECONDS);
    const from = window * WINDOW_SECONDS - this.#phase;
    if (window !== this.#window) {
      this.#window = window;
      // What a fraction of a request leaves over counts for the next window.
      const quota = this.#capacity.between(from, from + WINDOW_SECONDS) + (this.#left % 1);
      this.#left = quota;
    }
    if (this.#left < 1) {
      const retryAfterMs = Math.ceil(from + WINDOW_SECONDS - second) * 1000;
      return { kind: 'limited', ms: refusalMs(this.#dice), retryAfterMs };
    }
    this.#left--;
    return { kind: 'ok', ms: answerMs(this.#dice) };
  }
}

const QUEUE_SECONDS_MAX = 5;

/** One after the other: answers become slow, and whoever would wait for more than five seconds gets a 503. */
class Queue implements Origin {
  readonly #capacity: Capacity;
  readonly #dice: Dice;
  #freeAt = 0;

  constructor(capacity: Capacity, dice: Dice) {
    this.#capacity = capacity;
    this.#dice = dice;
  }

  ask(second: number): Reply {
    const waitS = Math.max(0, this.#freeAt - second);
    if (waitS > QUEUE_SECONDS_MAX) return { kind: 'error', ms: refusalMs(this.#dice) };
    this.#freeAt = second + waitS + 1 / this.#capacity.at(second);
    return { kind: 'ok', ms: waitS * 1000 + answerMs(this.#dice) };
  }
}
