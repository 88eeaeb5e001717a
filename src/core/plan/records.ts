/**
 * Lines with two numbers each, kept in memory up to a bound and in objects beyond it: what planning holds between its
 * passes, whatever the length of a source and however often it can be read. Bytes in, bytes out: a line is decoded once, when
 * its shard is written.
 *
 * A record is three 32-bit numbers (two tags, the length) and the line in UTF-8.
 */
import type { Objects } from '../ports.ts';

const HEADER_BYTES = 12;
/** Few small steps up to a chunk. */
const CHUNK_BYTES_FIRST = 16 * 1024;

export interface Budget {
  /** Bytes that all files of this budget hold in memory together. */
  held: number;
  readonly max: number;
}

export interface RecordsOptions {
  objects: Objects;
  /** Name of the n-th chunk. */
  keyOf: (chunk: number) => string;
  /** A chunk of this length is written as soon as the budget is spent. */
  chunkBytes: number;
  budget: Budget;
}

export class Records {
  readonly #options: RecordsOptions;
  readonly #full: Buffer[] = [];
  #chunk: Buffer = Buffer.alloc(0);
  #used = 0;
  /** Memory of a chunk that was written. */
  #spare: Buffer | undefined;
  #written = 0;
  length = 0;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  /** Adds a line; a promise where room has to be made first. */
  add(a: number, b: number, line: string): Promise<void> | undefined {
    // Three bytes at most for each UTF-16 unit.
    const most = HEADER_BYTES + line.length * 3;
    const full = this.#reserve(most);
    const at = this.#used;
    const bytes = this.#chunk.write(line, at + HEADER_BYTES);
    this.#head(a, b, bytes);
    this.#used = at + HEADER_BYTES + bytes;
    return full;
  }

  /** Adds a line that is in another file: its bytes are copied. */
  copy(a: number, b: number, from: Buffer, start: number, end: number): Promise<void> | undefined {
    const full = this.#reserve(HEADER_BYTES + end - start);
    from.copy(this.#chunk, this.#used + HEADER_BYTES, start, end);
    this.#head(a, b, end - start);
    this.#used += HEADER_BYTES + end - start;
    return full;
  }

  /** The chunks in the order in which they were filled. What was written is deleted once it has been read. */
  async *chunks(): AsyncGenerator<Buffer> {
    const { objects, keyOf, budget } = this.#options;
    for (let i = 0; i < this.#written; i++) {
      const { buffer, byteOffset, byteLength } = await objects.readBytes(keyOf(i));
      yield Buffer.from(buffer, byteOffset, byteLength);
      await objects.delete(keyOf(i));
    }
    this.#written = 0;
    for (let chunk = this.#full.shift(); chunk !== undefined; chunk = this.#full.shift()) {
      yield chunk;
      budget.held -= chunk.buffer.byteLength;
    }
    budget.held -= this.#spare?.length ?? 0;
    this.#spare = undefined;
    const last = this.#chunk.subarray(0, this.#used);
    this.#replace(Buffer.alloc(0));
    this.#used = 0;
    if (last.length > 0) yield last;
  }

  #head(a: number, b: number, bytes: number): void {
    const at = this.#used;
    this.#chunk.writeUInt32LE(a, at);
    this.#chunk.writeUInt32LE(b, at + 4);
    this.#chunk.writeUInt32LE(bytes, at + 8);
    this.length++;
  }

  /** Makes room for a record; a promise where a chunk is on its way to its object. */
  #reserve(bytes: number): Promise<void> | undefined {
    if (this.#used + bytes <= this.#chunk.length) return undefined;
    const { chunkBytes, budget } = this.#options;
    if (this.#used + bytes <= chunkBytes) {
      const next = Buffer.allocUnsafeSlow(
        Math.min(chunkBytes, Math.max(CHUNK_BYTES_FIRST, this.#used + bytes, this.#used * 4)),
      );
      this.#chunk.copy(next, 0, 0, this.#used);
      this.#replace(next);
      return undefined;
    }
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#used = 0;
    const spare = this.#spare;
    this.#spare = undefined;
    this.#chunk =
      spare !== undefined && spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(Math.max(chunkBytes, bytes));
    if (this.#chunk !== spare) budget.held += this.#chunk.length - (spare?.length ?? 0);
    return budget.held > budget.max ? this.#write() : undefined;
  }

  #replace(chunk: Buffer): void {
    this.#options.budget.held += chunk.length - this.#chunk.length;
    this.#chunk = chunk;
  }

  /** The chunks that are full become objects; the memory of one is kept for the next. */
  async #write(): Promise<void> {
    const { objects, keyOf, budget } = this.#options;
    for (let chunk = this.#full.shift(); chunk !== undefined; chunk = this.#full.shift()) {
      await objects.writeBytes(keyOf(this.#written++), chunk, 'application/octet-stream');
      if (this.#spare === undefined) this.#spare = wholeOf(chunk);
      else budget.held -= chunk.buffer.byteLength;
    }
  }
}

const wholeOf = ({ buffer }: Buffer): Buffer => Buffer.from(buffer);

/** One record of a chunk: the line's bytes are those from `start` to `end`. */
export type Visit = (a: number, b: number, start: number, end: number) => Promise<void> | undefined;

export async function eachRecord(chunk: Buffer, visit: Visit): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    const start = at + HEADER_BYTES;
    const end = start + chunk.readUInt32LE(at + 8);
    const wait = visit(chunk.readUInt32LE(at), chunk.readUInt32LE(at + 4), start, end);
    if (wait !== undefined) await wait;
    at = end;
  }
}
