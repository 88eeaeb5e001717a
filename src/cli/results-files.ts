/** A directory of results: what its files are called, and how they are read. `download.ts` writes it, `verify.ts` trusts nothing in it. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
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

export interface FileFacts {
  /** As stored, compressed. */
  bytes: number;
  sha256: string;
  lines: number;
  /** Why the content could not be read to its end; the lines before were given. */
  broken?: string;
}

/**
 * Streams a gzip file once: each line (1-based number) to `onLine`, hash and size of the compressed bytes in the answer,
 * complete also when the content is broken.
 */
export async function readGzipLines(file: string, onLine: (line: string, number: number) => void): Promise<FileFacts> {
  const hash = createHash('sha256');
  let bytes = 0;
  let lines = 0;
  const raw = createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    await pipeline(
      raw,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createGunzip(),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const line of linesOf(chunks)) onLine(line, ++lines);
      },
    );
  } catch (error) {
    if (!isBroken(error)) throw error;
    // What the broken content left unread still belongs to the hash.
    return { ...(await hashOf(file)), lines, broken: error.message };
  }
  return { bytes, sha256: hash.digest('hex'), lines };
}

class LineTooLong extends Error {}

/** The content's fault (zlib says `Z_…`), not that of the disk or of this program. */
const isBroken = (error: unknown): error is Error =>
  error instanceof LineTooLong || (error instanceof Error && (codeOf(error) ?? '').startsWith('Z_'));

export async function hashOf(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Lines by line feed; a last line without one counts too. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      const piece = chunk.subarray(from, to);
      yield (restBytes === 0 ? piece : Buffer.concat([...rest, piece])).toString('utf8');
      if (restBytes > 0) [rest, restBytes] = [[], 0];
      from = to + 1;
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > LINE_BYTES_MAX) throw new LineTooLong(`a line is longer than ${String(LINE_BYTES_MAX)} bytes`);
  }
  if (restBytes > 0) yield Buffer.concat(rest).toString('utf8');
}

/** The ledger lines of downloaded files, which were hashed on their way and are believed. */
export async function* ledgerLinesOf(dir: string, names: readonly string[]): AsyncGenerator<LedgerLine> {
  for (const name of names) {
    const content = createReadStream(path.join(dir, name)).pipe(createGunzip()) as AsyncIterable<Buffer>;
    for await (const line of linesOf(content)) yield JSON.parse(line) as LedgerLine;
  }
}
