/**
 * A clock that stands still until `next` is called: then it jumps to the earliest thing planned and lets it happen. Things
 * planned for the same moment happen in the order in which they were planned.
 */
import type { Clock } from '#core/ports.ts';

export interface Timer {
  readonly at: number;
  cancel(): void;
}

class Planned implements Timer {
  readonly at: number;
  readonly order: number;
  #fire: (() => void) | undefined;

  constructor(at: number, order: number, fire: () => void) {
    this.at = at;
    this.order = order;
    this.#fire = fire;
  }

  get isCancelled(): boolean {
    return this.#fire === undefined;
  }

  cancel(): void {
    this.#fire = undefined;
  }

  fire(): void {
    const fire = this.#fire;
    this.#fire = undefined;
    fire?.();
  }

  before(other: Planned): boolean {
    return this.at < other.at || (this.at === other.at && this.order < other.order);
  }
}

export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  /** How many things have happened so far. */
  happened = 0;
  /** A binary heap; what was cancelled stays in it until it comes to the top. */
  readonly #heap: Planned[] = [];

  constructor(startMs: number) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const timer = this.at(this.#now + ms, wake);
      const abort = (): void => {
        timer.cancel();
        resolve();
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Plans something for a time; what is already past happens next. */
  at(ms: number, fire: () => void): Timer {
    const planned = new Planned(Math.max(ms, this.#now), this.#order++, fire);
    this.#push(planned);
    return planned;
  }

  /** When the next thing happens; undefined when nothing is planned. */
  get nextAt(): number | undefined {
    return this.#top()?.at;
  }

  /** Jumps to the next thing and lets it happen; false when nothing is planned. */
  next(): boolean {
    const planned = this.#top();
    if (planned === undefined) return false;
    this.#pop();
    this.happened++;
    this.#now = Math.max(this.#now, planned.at);
    planned.fire();
    return true;
  }

  /** Moves to a time, letting nothing happen: for what is done while nothing is planned. */
  moveTo(ms: number): void {
    this.#now = Math.max(this.#now, ms);
  }

  #top(): Planned | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
    return this.#heap[0];
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    for (let up = (at - 1) >> 1; at > 0; at = up, up = (at - 1) >> 1) {
      const parent = heap[up];
      if (parent === undefined || !planned.before(parent)) break;
      heap[at] = parent;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const [left, right] = [heap[down], heap[down + 1]];
      if (left === undefined) break;
      if (right?.before(left) === true) down++;
      const child = heap[down];
      if (child === undefined || !child.before(last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}
