/**
 * Long bodies share a budget of memory: whoever would pass it waits, unread, until others have been read and used. Short ones
 * are not counted, as a worker's lanes bound them.
 */

/** Bodies up to this length are short: with 64 lanes they are 64 MB at most. */
export const SHORT_BYTES_MAX = 2 ** 20;
/** Of all long bodies together, those that are being read and the one that is being used. */
export const BULK_BYTES = 64 * 2 ** 20;

interface Waiting {
  bytes: number;
  go: () => void;
}

export class Bulk {
  #free = BULK_BYTES;
  readonly #line: Waiting[] = [];

  /**
   * Takes part of the budget; a body longer than all of it takes all. `go` is called when it is there, which may be at once;
   * those who wait go in the order in which they came.
   * @returns gives it back, or gives up waiting; more than one call does nothing more.
   */
  take(bytes: number, go: () => void): () => void {
    const mine = { bytes: Math.min(bytes, BULK_BYTES), go };
    let state: 'waiting' | 'held' | 'over' = 'waiting';
    const waiting = { ...mine, go: () => ((state = 'held'), go()) };
    this.#line.push(waiting);
    this.#serve();
    return () => {
      if (state === 'held') this.#free += mine.bytes;
      else if (state === 'waiting') this.#line.splice(this.#line.indexOf(waiting), 1);
      state = 'over';
      this.#serve();
    };
  }

  #serve(): void {
    for (let next = this.#line[0]; next !== undefined && next.bytes <= this.#free; next = this.#line[0]) {
      this.#line.shift();
      this.#free -= next.bytes;
      next.go();
    }
  }
}
