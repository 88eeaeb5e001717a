/** Runs promises with at most `max` at a time; the first failure is thrown by the next `run` or by `drain`. */
export class Bounded {
  readonly #max: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves as soon as the job has been started, which may mean waiting for room. */
  async run(job: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#max) await Promise.race(this.#running);
    this.#throw();
    const running: Promise<void> = job()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  /** Resolves when everything started has ended. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running);
    this.#throw();
  }

  #throw(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
