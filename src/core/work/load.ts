/** What the sessions of one worker have on the wire together, how full its slots were lately, and how long it only waited. */
export class Load {
  readonly max: number;
  inFlight = 0;
  #idleMs = 0;
  #chores = 0;
  #ended = 0;
  #busyMs = 0;
  #countedAt: number;
  #lookedAt: number;

  constructor(max: number, now: number) {
    this.max = max;
    this.#countedAt = now;
    this.#lookedAt = now;
  }

  get room(): number {
    return this.max - this.inFlight;
  }

  started(now: number): void {
    this.#count(now);
    this.inFlight++;
  }

  /** Its answer is in, and another may leave; what is done with the answer is a chore. */
  landed(now: number): void {
    this.#count(now);
    this.inFlight--;
    this.#ended++;
    this.#chores++;
  }

  ended(now: number): void {
    this.#count(now);
    this.#chores--;
  }

  /** Reading and writing of its own: what is not waiting, though nothing is on the wire. */
  async chore<T>(now: () => number, job: () => Promise<T>): Promise<T> {
    this.#count(now());
    this.#chores++;
    try {
      return await job();
    } finally {
      this.#count(now());
      this.#chores--;
    }
  }

  /** How long, until now, nothing was on the wire and nothing was read or written. */
  idleUntil(now: number): number {
    this.#count(now);
    return this.#idleMs;
  }

  /** Since the last look; undefined before `everyMs` are over. */
  look(now: number, everyMs: number): { busy: number; perSecond: number } | undefined {
    const ms = now - this.#lookedAt;
    if (ms < everyMs) return undefined;
    this.#count(now);
    const seen = { busy: this.#busyMs / ms / this.max, perSecond: (this.#ended * 1000) / ms };
    this.#lookedAt = now;
    this.#busyMs = 0;
    this.#ended = 0;
    return seen;
  }

  #count(now: number): void {
    this.#busyMs += (now - this.#countedAt) * this.inFlight;
    if (this.inFlight === 0 && this.#chores === 0) this.#idleMs += now - this.#countedAt;
    this.#countedAt = now;
  }
}
