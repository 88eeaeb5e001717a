/**
 * Scans the files of a directory on two threads, this one and another, and gives the results in the order of the files. Neither is
 * ahead by more than a few files, so memory does not grow with their number. A third thread would save little: each
 * costs 100 MB, and the sums over all files are made on this one.
 */
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { scanFile, type FileScan, type ScanJob } from './verify-scan.ts';

/** Files that are scanned or being scanned while the first of them is waited for. */
const AHEAD_MAX = 8;
/** Files the other thread has before it: one at work and one so that it need not wait for us. */
const OTHER_MAX = 2;

/** A file's scan, once it is there. */
interface Ahead {
  scan?: FileScan;
  arrived: Promise<void>;
}

/** @param alone scans on this thread only. Ending the iteration early ends the other one. */
export async function* scansOf(jobs: readonly ScanJob[], alone: boolean): AsyncGenerator<FileScan> {
  if (alone) {
    for (const job of jobs) yield await scanFile(job);
    return;
  }
  const other = new OtherThread();
  const ahead: Ahead[] = [];
  const waiting = jobs.values();
  /** The next file, if we may be ahead by one more. */
  const take = (): ScanJob | undefined => (ahead.length < AHEAD_MAX ? waiting.next().value : undefined);
  try {
    for (;;) {
      for (let job; other.load < OTHER_MAX && (job = take()) !== undefined;) ahead.push(other.scan(job));
      const [first] = ahead;
      if (first === undefined) return;
      if (first.scan !== undefined) {
        ahead.shift();
        yield first.scan;
        continue;
      }
      const job = take();
      if (job === undefined) await first.arrived;
      else {
        ahead.push({ scan: await scanFile(job), arrived: Promise.resolve() });
        // What the other thread has done meanwhile is heard here.
        await setImmediate();
      }
    }
  } finally {
    await other.end();
  }
}

class OtherThread {
  readonly #worker = new Worker(new URL('verify-worker.ts', import.meta.url));
  /** Told of the answers, which come in the order of the jobs. */
  readonly #waiting: { done: (scan: FileScan) => void; failed: (error: Error) => void }[] = [];
  #failure: Error | undefined;

  constructor() {
    this.#worker.on('message', (scan: FileScan) => this.#waiting.shift()?.done(scan));
    this.#worker.on('error', (error: Error) => {
      this.#fail(error);
    });
    this.#worker.on('exit', (code) => {
      this.#fail(new Error(`a thread ended with code ${String(code)}`));
    });
  }

  /** Files it has before it. */
  get load(): number {
    return this.#waiting.length;
  }

  scan(job: ScanJob): Ahead {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // A failure is heard by whoever waits for the first file; here it must not count as unheard until then.
    promise.catch(() => undefined);
    const ahead: Ahead = { arrived: promise };
    const done = (scan: FileScan): void => {
      ahead.scan = scan;
      resolve();
    };
    if (this.#failure) reject(this.#failure);
    else {
      this.#waiting.push({ done, failed: reject });
      this.#worker.postMessage(job);
    }
    return ahead;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { failed } of this.#waiting.splice(0)) failed(this.#failure);
  }
}
