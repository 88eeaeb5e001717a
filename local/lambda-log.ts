import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** One function keeps at most twice this on disk: the file being written and the one before it. */
export const LOG_BYTES_MAX = 8 * 1024 * 1024;

/** What a function prints, appended to `dir/NAME.log`. Written at once, so that it is there after a crash. */
export class FunctionLog {
  readonly #path: string;
  #file: number | undefined;
  #bytes = 0;
  #may: boolean | undefined;
  readonly #asked: () => boolean;

  /** @param may whether the function's role lets it keep a log; asked once, at the first line. */
  constructor(dir: string, name: string, may: () => boolean) {
    this.#asked = may;
    mkdirSync(dir, { recursive: true });
    this.#path = join(dir, `${name}.log`);
  }

  write(chunk: Buffer | string): void {
    this.#may ??= this.#asked();
    if (!this.#may) return;
    this.#file ??= this.#open();
    this.#bytes += writeSync(this.#file, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    if (this.#bytes < LOG_BYTES_MAX) return;
    this.close();
    renameSync(this.#path, `${this.#path}.1`);
  }

  #open(): number {
    const file = openSync(this.#path, 'a');
    this.#bytes = fstatSync(file).size;
    return file;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
