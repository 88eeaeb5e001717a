/** Gleaner's own engine as a worker runs it: guarded fetcher, extractor, parts of gzipped lines. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { compileExtractor } from '#extract/compile.ts';
import { createFetcher } from '#http/fetcher.ts';
import { BATCH_BYTES_MAX, BATCH_TARGETS_MAX } from '#core/limits.ts';
import { LineBuffer } from '#core/line-buffer.ts';
import { letGo } from '#core/work/long-body.ts';
import { LineObjects } from '#storage/line-objects.ts';
import type { Blobs } from '../../src/storage/blobs.ts';
import { fieldsOf } from '../fields.ts';
import type { PageSet } from '../pages.ts';
import { inTurn, outFile, report } from './measured.ts';

const allowAddresses = ['127.0.0.0/8'];
const fetcher = createFetcher({ userAgent: 'gleaner-bench' });
const extractor = await compileExtractor({
  extract: { format: 'auto', fields: fieldsOf(process.env['BENCH_SET'] as PageSet), keepBody: 'none' },
});
const blobs: Pick<Blobs, 'put'> = { put: (key, chunks) => pipeline(chunks, createWriteStream(key)) };
const objects = new LineObjects(blobs as Blobs);

let part = 0;
let lines = new LineBuffer();
/** One part after the other, as commits are. */
let writing: Promise<unknown> = Promise.resolve();
const flush = (): Promise<unknown> => {
  const full = lines;
  lines = new LineBuffer();
  return (writing = writing
    .then(() => objects.writeText(`${outFile}.${String(part++)}.gz`, full.bytes, 'kept'))
    .then(() => full.release()));
};
await inTurn(async (url: string) => {
  const got = await fetcher.fetch({
    url, method: 'GET', headers: {}, secretHeaders: {}, timeoutMs: 30_000, bytesMax: 64 * 2 ** 20, redirectsMax: 5, allowAddresses,
  }); // prettier-ignore
  if (!got.ok || got.status !== 200) throw new Error(`${url}: ${got.ok ? String(got.status) : got.detail}`);
  const made = await extractor.extract({ url, finalUrl: got.finalUrl, headers: got.headers, body: got.body });
  if (!made.ok) throw new Error(`${url}: ${made.detail}`);
  for (const data of made.records) {
    lines.addRecord({ head: `${JSON.stringify({ url }).slice(0, -1)},"data":`, data });
    letGo(data);
  }
  letGo(got.body);
  if (lines.lines >= BATCH_TARGETS_MAX || lines.bytes.length >= BATCH_BYTES_MAX) await flush();
});
if (lines.lines > 0) await flush();
await writing;
await fetcher.close();
report();
