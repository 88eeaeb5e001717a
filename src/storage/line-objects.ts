/** Objects of lines over a store of bytes: gzip, hashes and line splitting, streaming in both directions. */
import { createHash } from 'node:crypto';
import { createGunzip, createGzip, gzip, type ZlibOptions } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { PassThrough, Readable } from 'node:stream';
import { LineBuffer } from '#core/line-buffer.ts';
import type { Objects, Stored } from '#core/ports.ts';
import type { Blobs } from './blobs.ts';

/** Lines are joined into chunks of about this size before they are compressed: fewer, larger writes to zlib. */
const JOIN_CHARS = 64 * 1024;
/** Lines that are all at hand are packed in one go up to this many characters: a stream for each small object costs more than it. */
const WHOLE_CHARS_MAX = 16 * 1024 * 1024;
/**
 * What is read once and soon, and what is kept and downloaded. Level 3 takes less than half of level 6's time for a sixth
 * more bytes (`node bench/pack.ts`): in money that is even, and a worker writes while it could fetch.
 */
const LEVELS = { once: 1, kept: 3 } as const;
const PIECE_BYTES_MIN = 4 * 1024;
const PIECE_BYTES_MAX = 512 * 1024;
/** Unpacked at a time: zlib's own 16 KB make four times as many turns. */
const CHUNK_BYTES = 64 * 1024;
/** The longest line read: a target or record of the largest body there may be, escaped. */
const LINE_BYTES_MAX = 128 * 1024 * 1024;

export class LineObjects implements Objects {
  readonly #blobs: Blobs;

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
  }

  async writeLines(key: string, lines: Iterable<string> | AsyncIterable<string>): Promise<Stored & { lines: number }> {
    const level = LEVELS.kept;
    const isPacked = key.endsWith('.gz');
    if (Array.isArray(lines) && charsOf(lines) <= WHOLE_CHARS_MAX) {
      const all = new LineBuffer();
      for (const line of lines as string[]) all.add(line);
      const stored = await this.#put(key, isPacked ? packed(all.pieces, level) : each(all.pieces), LINES_TYPE);
      all.release();
      return { ...stored, lines: lines.length };
    }
    let count = 0;
    async function* joined(): AsyncGenerator<Buffer> {
      let text = '';
      for await (const line of lines) {
        text += `${line}\n`;
        count++;
        if (text.length < JOIN_CHARS) continue;
        yield Buffer.from(text);
        text = '';
      }
      if (text !== '') yield Buffer.from(text);
    }
    const stored = await this.#put(key, isPacked ? gzipped(joined(), { level }) : joined(), LINES_TYPE);
    return { ...stored, lines: count };
  }

  async writeText(key: string, pieces: readonly Uint8Array[], life: 'once' | 'kept'): Promise<Stored> {
    return this.#put(key, key.endsWith('.gz') ? packed(pieces, LEVELS[life]) : each(pieces), LINES_TYPE);
  }

  async *readLines(key: string): AsyncGenerator<string> {
    for await (const batch of this.readBatches(key)) yield* batch;
  }

  readBatches(key: string): AsyncGenerator<string[]> {
    return split(() => this.#blobs.get(key));
  }

  readForeignBatches(bucket: string, key: string): AsyncGenerator<string[]> {
    return split(() => this.#blobs.getForeign(bucket, key));
  }

  async writeBytes(key: string, body: Uint8Array, contentType: string): Promise<Stored> {
    return this.#put(key, each([body]), contentType);
  }

  async readBytes(key: string): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await this.#blobs.get(key)) chunks.push(chunk);
    const [only, ...more] = chunks;
    return only !== undefined && more.length === 0 ? only : Buffer.concat(chunks);
  }

  exists(key: string): Promise<boolean> {
    return this.#blobs.exists(key);
  }
  delete(key: string): Promise<void> {
    return this.#blobs.delete(key);
  }
  list(prefix: string, max: number): Promise<string[]> {
    return this.#blobs.list(prefix, max);
  }
  readUrl(key: string, seconds: number): Promise<string> {
    return this.#blobs.readUrl(key, seconds);
  }
  writeUrl(key: string, seconds: number): Promise<string> {
    return this.#blobs.writeUrl(key, seconds);
  }

  /** Counts and hashes what is stored, as it is stored. */
  async #put(key: string, chunks: AsyncIterable<Uint8Array>, contentType: string): Promise<Stored> {
    const hash = createHash('sha256');
    let bytes = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.byteLength;
        yield chunk;
      }
    }
    await this.#blobs.put(key, counted(), contentType);
    return { bytes, sha256: hash.digest('hex') };
  }
}

const LINES_TYPE = 'application/x-ndjson';

const charsOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + line.length, 0);

async function* each(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece);
}

/** What comes out comes in few pieces: each is a turn of the loop. Lines become a sixth to a tenth. */
async function* packed(pieces: readonly Uint8Array[], level: number): AsyncGenerator<Uint8Array> {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const chunkSize = Math.min(Math.max(bytes >> 3, PIECE_BYTES_MIN), PIECE_BYTES_MAX);
  const [only = new Uint8Array(0), ...more] = pieces;
  if (more.length === 0) yield await promisify<Uint8Array, ZlibOptions, Buffer>(gzip)(only, { level, chunkSize });
  else yield* gzipped(each(pieces), { level, chunkSize });
}

/** A failure of the source ends the stream with that failure, so that no half-written object passes for a whole one. */
async function* gzipped(chunks: AsyncIterable<Uint8Array>, options: ZlibOptions): AsyncGenerator<Uint8Array> {
  const packer = createGzip(options);
  const done = pipeline(Readable.from(chunks), packer);
  done.catch(() => undefined); // told by the iteration below or by the await after it
  yield* packer as AsyncIterable<Buffer>;
  await done;
}

/**
 * Gunzips when the first two bytes say gzip; a truncated stream throws zlib's error. A reader that leaves early takes the
 * source with it: behind it may stand one of a bounded number of connections.
 */
async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  async function* whole(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head;
    for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
  }
  try {
    while (head.length < 2) {
      const next = await source.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    if (!(head[0] === 0x1f && head[1] === 0x8b)) {
      yield* whole();
      return;
    }
    const out = new PassThrough();
    const done = pipeline(Readable.from(whole()), createGunzip({ chunkSize: CHUNK_BYTES }), out);
    done.catch((error: unknown) => out.destroy(error as Error));
    yield* out as AsyncIterable<Buffer>;
    await done;
  } finally {
    await source.return?.();
  }
}

/** Lines by LF, a CR before it dropped; the last line needs none. As many at a time as a chunk of bytes ends. */
async function* split(get: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<string[]> {
  let rest: Buffer[] = [];
  let held = 0;
  for await (const chunk of unpacked(await get())) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: string[] = [];
    let from = 0;
    for (let at = buffer.indexOf(10); at >= 0; at = buffer.indexOf(10, from)) {
      lines.push(lineOf([...rest, buffer.subarray(from, at)]));
      rest = [];
      held = 0;
      from = at + 1;
    }
    if (lines.length > 0) yield lines;
    if (from < buffer.length) {
      held += buffer.length - from;
      if (held > LINE_BYTES_MAX) throw new RangeError(`a line of more than ${String(LINE_BYTES_MAX)} bytes`);
      rest.push(buffer.subarray(from));
    }
  }
  if (held > 0) yield [lineOf(rest)];
}

const lineOf = (pieces: Buffer[]): string => {
  const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  return bytes.toString('utf8', 0, bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length);
};
