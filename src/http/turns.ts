/**
 * What goes first in a turn of the event loop. The answers to many requests come together, and each that is read late lets
 * its connection's next request leave late: so answers are read before anything else, then requests leave, some in each
 * turn lest the first answers wait for the last request, and bodies are worked at in turns in which nothing comes or goes.
 */

/** More that leave in one turn go in the turns after it. */
export const STARTS_PER_TURN = 32;
/** Of bodies that wait; beyond that those that came first are worked at, whatever comes and goes. */
export const WAITING_BYTES_MAX = 16 * 2 ** 20;

/** Part of its time in which a thread that has time to spare is idle. */
const LEISURE = 0.1;
/** How often that is looked at; longer than the bursts in which answers come. */
const LOOK_MS = 250;

interface Waiting {
  bytes: number;
  work: () => void;
}

/** For all requests of one thread. */
export class Turns {
  #isTurning = false;
  /** Something came or went since the last turn. */
  #isBusy = false;
  #started = 0;
  readonly #toStart = new Line<() => void>();
  readonly #bodies = new Line<Waiting>();
  readonly #leisure: Leisure;
  #bytes = 0;

  constructor(spent = OWN) {
    this.#leisure = new Leisure(spent);
  }

  /** Undefined: a request may leave now. */
  start(): Promise<void> | undefined {
    this.#came();
    if (this.#started < STARTS_PER_TURN && this.#toStart.isEmpty) {
      this.#started++;
      return undefined;
    }
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#toStart.push(() => {
      resolve(undefined);
    });
    return promise;
  }

  /** Works at a body of so many bytes, in the order in which they came. */
  whenQuiet<T>(bytes: number, job: () => T | Promise<T>): Promise<T> {
    this.#came();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const work = (): void => {
      try {
        resolve(job());
      } catch (error) {
        reject(error);
      }
    };
    this.#bodies.push({ bytes, work });
    this.#bytes += bytes;
    const bytesMax = this.#leisure.isThere ? WAITING_BYTES_MAX : 0;
    while (this.#bytes > bytesMax) this.#workAtNext();
    return promise;
  }

  #came(): void {
    this.#isBusy = true;
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const isQuiet = !this.#isBusy;
    this.#isBusy = false;
    for (this.#started = 0; this.#started < STARTS_PER_TURN; this.#started++) {
      const start = this.#toStart.shift();
      if (start === undefined) break;
      this.#isBusy = true;
      start();
    }
    if (isQuiet && !this.#isBusy) this.#workAtNext();
    this.#isTurning = this.#isBusy || !this.#bodies.isEmpty;
    if (this.#isTurning) setImmediate(this.#turn);
  };

  #workAtNext(): void {
    const next = this.#bodies.shift();
    if (next === undefined) return;
    this.#bytes -= next.bytes;
    next.work();
  }
}

/** The time, and for how much of it the thread has been idle; ms. */
export interface Spent {
  now(): number;
  idle(): number;
}
const OWN: Spent = { now: () => performance.now(), idle: () => performance.eventLoopUtilization().idle };

/**
 * Whether the thread has had time to spare lately. Where it has none a body that waits takes memory, outlives the cheap
 * collections of garbage, and nothing is won: whoever reads it late sends the next request no sooner.
 */
class Leisure {
  readonly #spent: Spent;
  #from: number;
  #idle: number;
  #lookAt = 0;
  #isThere = false;

  constructor(spent: Spent) {
    this.#spent = spent;
    this.#from = spent.now();
    this.#idle = spent.idle();
  }

  get isThere(): boolean {
    const now = this.#spent.now();
    if (now < this.#lookAt) return this.#isThere;
    const idle = this.#spent.idle();
    this.#isThere = idle - this.#idle >= LEISURE * (now - this.#from);
    this.#from = now;
    this.#idle = idle;
    this.#lookAt = now + LOOK_MS;
    return this.#isThere;
  }
}

/** First in, first out. */
class Line<T> {
  #items: T[] = [];
  #at = 0;

  get isEmpty(): boolean {
    return this.#at === this.#items.length;
  }

  get length(): number {
    return this.#items.length - this.#at;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#at];
    if (item === undefined) return undefined;
    this.#at++;
    if (this.#at === this.#items.length) {
      this.#items = [];
      this.#at = 0;
    }
    return item;
  }
}
