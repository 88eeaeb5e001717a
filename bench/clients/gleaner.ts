/** Gleaner's own engine as a worker runs it: guarded fetcher, extractor, parts of gzipped lines. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { compileExtractor } from '#extract/compile.ts';
import { createFetcher } from '#http/fetcher.ts';
import { BATCH_BYTES_MAX, BATCH_TARGETS_MAX } from '#core/limits.ts';
import { LineBuffer, recordLine } from '#core/line-buffer.ts';
import { letGo, letGoOfBody } from '#core/work/long-body.ts';
import { LineObjects } from '#storage/line-objects.ts';
import type { FetchResult } from '#core/ports.ts';
import type { Blobs } from '../../src/storage/blobs.ts';
import { tuneEngine } from '../../lambdas/engine.ts';
import { fieldsOf } from '../fields.ts';
import type { PageSet } from '../pages.ts';
import { inTurn, outFile, report } from './measured.ts';

const allowAddresses = ['127.0.0.0/8'];
const blobs: Pick<Blobs, 'put'> = { put: (key, chunks) => pipeline(chunks, createWriteStream(key)) };
const objects = new LineObjects(blobs as Blobs);

/** Parts that wait to be written; more hold back the fetching, as those of a worker do. */
const UNWRITTEN_MAX = 2;

let part = 0;
let unwritten = 0;
let lines = new LineBuffer();
/** One part after the other, as commits are. */
let writing: Promise<unknown> = Promise.resolve();
function flush(): void {
  const full = lines;
  lines = new LineBuffer();
  unwritten++;
  writing = writing
    .then(() => objects.writeText(`${outFile}.${String(part++)}.gz`, full.pieces, 'kept'))
    .then(() => {
      full.release();
      unwritten--;
    });
}

async function main(): Promise<void> {
  tuneEngine();
  const fetcher = createFetcher({ userAgent: 'gleaner-bench' });
  const extractor = await compileExtractor({
    extract: { format: 'auto', fields: fieldsOf(process.env['BENCH_SET'] as PageSet), keepBody: 'none' },
  });
  const reads: Promise<void>[] = [];
  await inTurn(async (url: string) => {
    while (unwritten > UNWRITTEN_MAX) await writing;
    const got = await fetcher.fetch({
      url, method: 'GET', headers: {}, secretHeaders: {}, timeoutMs: 30_000, bytesMax: 64 * 2 ** 20, redirectsMax: 5, allowAddresses,
    }); // prettier-ignore
    if (!got.ok || got.status !== 200) throw new Error(`${url}: ${got.ok ? String(got.status) : got.detail}`);
    // As with a worker: the next request leaves, whenever this body is read.
    reads.push(read(url, got));
  });
  await Promise.all(reads);
  if (lines.lines > 0) flush();
  await Promise.all([writing, fetcher.close()]);
  report();

  async function read(url: string, { finalUrl, headers, body }: Extract<FetchResult, { ok: true }>): Promise<void> {
    const made = await fetcher.whenQuiet(body.length, () => extractor.extract({ url, finalUrl, headers, body }));
    if (!made.ok) throw new Error(`${url}: ${made.detail}`);
    for (const data of made.records) {
      lines.addRecord(recordLine({ url }, data));
      letGo(data);
    }
    letGoOfBody(body);
    if (lines.lines >= BATCH_TARGETS_MAX || lines.byteLength >= BATCH_BYTES_MAX) flush();
  }
}
void main();
