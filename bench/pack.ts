/** `node bench/pack.ts`: what packing a part costs and leaves, by level: records of the manuals, 250 to a part, medians of five. */
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { compileExtractor } from '#extract/compile.ts';
import { LineBuffer, recordLine } from '#core/line-buffer.ts';
import { TASK_FIELDS } from './fields.ts';
import { pagesOf } from './pages.ts';

const PAGES = 5_000;
const TARGETS_PER_PART = 250;
const ROUNDS = 5;

const extractor = await compileExtractor({ extract: { format: 'auto', fields: TASK_FIELDS, keepBody: 'none' } });
const parts: Buffer[] = [];
let part = new LineBuffer();
for (const { path, type, body } of pagesOf('manuals', PAGES)) {
  const url = `http://site.example${path}`;
  const made = await extractor.extract({ url, finalUrl: url, headers: { 'content-type': type }, body });
  if (!made.ok) throw new Error(made.detail);
  for (const data of made.records) part.addRecord(recordLine({ url }, data));
  if (part.lines < TARGETS_PER_PART) continue;
  parts.push(Buffer.concat(part.pieces));
  part = new LineBuffer();
}
const megabytes = parts.reduce((sum, { length }) => sum + length, 0) / 1e6;

const ways: [name: string, pack: (bytes: Uint8Array) => Buffer][] = [
  ...[1, 2, 3, 4, 5, 6, 9].map((level): [string, (bytes: Uint8Array) => Buffer] => [
    `gzip ${String(level)}`,
    (bytes) => gzipSync(bytes, { level }),
  ]),
  ...[1, 3, 6].map((level): [string, (bytes: Uint8Array) => Buffer] => [
    `zstd ${String(level)}`,
    (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
  ]),
];
console.log(
  `${String(parts.length)} parts, ${megabytes.toFixed(1)} MB\n\n| | CPU ms per MB | left |\n| --- | --- | --- |`,
);
for (const [name, pack] of ways) {
  let left = 0;
  const times = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    left = parts.reduce((sum, bytes) => sum + pack(bytes).length, 0);
    return process.cpuUsage(before).user / 1e3;
  });
  const median = times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
  console.log(`| ${name} | ${(median / megabytes).toFixed(2)} | ${((left / megabytes / 1e6) * 100).toFixed(1)} % |`);
}
