/** A directory of results: what its files are called, and how they are read. `download.ts` writes it, `verify.ts` trusts nothing in it. */
import { createHash, hash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createGunzip, gunzipSync } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import type { LedgerLine } from '#core/ledger.ts';
import { codeOf } from './failure.ts';

export const MANIFEST_FILE = 'manifest.json';
const RESULT_FILE = /^(records|ledger)-[A-Za-z0-9-]+\.ndjson\.gz$/;
/** Names come from outside and become paths: nothing but these is ever opened or written. */
export const isResultFile = (name: string): boolean => RESULT_FILE.test(name);

/** No record or ledger line is longer: a body is capped far below, and a line is held in memory. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;
const LINE_FEED = 0x0a;
const CHUNK_BYTES = 256 * 1024;
/** What is held at once, stored and unpacked. A worker commits after about 8 MB, so Gleaner's own files are below. */
const WHOLE_BYTES_MAX = 8 * 1024 * 1024;
const WHOLE_CONTENT_MAX = 32 * 1024 * 1024;

export interface FileFacts {
  /** As stored, compressed. */
  bytes: number;
  sha256: string;
  lines: number;
  /** Why the content could not be read to its end; the lines before were given. */
  broken?: string;
}

/** A line is `bytes[from, to)`, without its line feed; the bytes are valid during the call only. */
export type OnLine = (bytes: Buffer, from: number, to: number, number: number) => void;

/**
 * Reads a gzip file: each line (numbers from 1) to `onLine`, hash and size of the compressed bytes in the answer, complete also
 * when the content is broken. A small file is unpacked at once, which is twice as fast; a large or broken one is streamed.
 */
export async function readGzipLines(file: string, onLine: OnLine): Promise<FileFacts> {
  if (statSync(file).size > WHOLE_BYTES_MAX) return streamGzipLines(file, onLine);
  // Nobody else is waiting for this thread, and thousands of small files are read in half the time.
  const packed = readFileSync(file);
  const content = unpacked(packed);
  if (content === undefined) return streamGzipLines(file, onLine);
  let lines = 0;
  for (let from = 0; from < content.length;) {
    const feed = content.indexOf(LINE_FEED, from);
    const to = feed < 0 ? content.length : feed;
    onLine(content, from, to, ++lines);
    from = to + 1;
  }
  return { bytes: packed.length, sha256: hash('sha256', packed), lines };
}

/** Undefined when it is broken or larger than is to be held at once: streaming tells which, and gives the lines before. */
function unpacked(packed: Buffer): Buffer | undefined {
  try {
    return gunzipSync(packed, { maxOutputLength: WHOLE_CONTENT_MAX, chunkSize: CHUNK_BYTES });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE' || isBroken(error)) return undefined;
    throw error;
  }
}

async function streamGzipLines(file: string, onLine: OnLine): Promise<FileFacts> {
  const sha256 = createHash('sha256');
  let bytes = 0;
  let lines = 0;
  const raw = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  try {
    await pipeline(
      raw,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          sha256.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createGunzip({ chunkSize: CHUNK_BYTES }),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const line of linesOf(chunks)) onLine(line, 0, line.length, ++lines);
      },
    );
  } catch (error) {
    if (!isBroken(error)) throw error;
    // What the broken content left unread still belongs to the hash.
    return { ...(await hashOf(file)), lines, broken: error.message };
  }
  return { bytes, sha256: sha256.digest('hex'), lines };
}

class LineTooLong extends Error {}

/** The content's fault (zlib says `Z_…`), not that of the disk or of this program. */
const isBroken = (error: unknown): error is Error =>
  error instanceof LineTooLong || (error instanceof Error && (codeOf(error) ?? '').startsWith('Z_'));

export async function hashOf(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Lines by line feed; a last line without one counts too. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      const piece = chunk.subarray(from, to);
      yield restBytes === 0 ? piece : Buffer.concat([...rest, piece]);
      if (restBytes > 0) [rest, restBytes] = [[], 0];
      from = to + 1;
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > LINE_BYTES_MAX) throw new LineTooLong(`a line is longer than ${String(LINE_BYTES_MAX)} bytes`);
  }
  if (restBytes > 0) yield Buffer.concat(rest);
}

/** The ledger lines of downloaded files, which were hashed on their way and are believed. */
export async function* ledgerLinesOf(dir: string, names: readonly string[]): AsyncGenerator<LedgerLine> {
  for (const name of names) {
    const content = createReadStream(path.join(dir, name)).pipe(createGunzip()) as AsyncIterable<Buffer>;
    for await (const line of linesOf(content)) yield JSON.parse(line.toString()) as LedgerLine;
  }
}
