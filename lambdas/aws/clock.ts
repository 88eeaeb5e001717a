import type { Clock } from '#core/ports.ts';

/** Node's timers overflow past 2^31 - 1 ms and then fire at once; longer sleeps are taken in steps of this length. */
const TIMER_MS_MAX = 2_000_000_000;

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** The machine's own time. A sleep that is cut short makes no error: a worker's loop cuts one short with every request. */
export const clock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    if (ms <= 0 && signal?.aborted !== true) await new Promise<void>((resolve) => void setImmediate(resolve));
    for (let rest = ms; rest > 0 && signal?.aborted !== true; rest -= TIMER_MS_MAX) {
      // Whole milliseconds: Node keeps a list of its own for each length of time that it is given.
      await sleepOnce(Math.ceil(Math.min(rest, TIMER_MS_MAX)), signal);
    }
  },
};
