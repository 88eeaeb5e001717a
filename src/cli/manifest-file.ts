/**
 * Reads a manifest that may be anything, and says what is wrong with its shape. Fields it does not know are let be: v1 may grow.
 * But each byte counts, also where JSON would not care: the text must be one of those that Gleaner writes.
 */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { BUCKETS } from '#core/ledger.ts';
import type { Manifest } from '#core/operations.ts';
import { RUN_STATES } from '#core/run.ts';
import { codeOf } from './failure.ts';
import { isResultFile } from './results-files.ts';

/** What `--key` names and a signature carries: see `src/core/signing.ts`. */
export const isKeyId = (text: string): boolean => /^[0-9a-f]{16}$/.test(text);

const number = z.int().min(0);
const time = z.iso.datetime({ offset: true });
const file = z.looseObject({
  name: z.string().refine(isResultFile, 'expected records-….ndjson.gz or ledger-….ndjson.gz'),
  bytes: number,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  lines: number,
  counts: z.record(z.string(), number).optional(),
});
const totals = z.looseObject({
  discovered: number,
  ...(Object.fromEntries(BUCKETS.map((bucket) => [bucket, number])) as Record<(typeof BUCKETS)[number], typeof number>),
  attempts: number,
  records: number,
  bytes: number,
  duplicateRecords: number.optional(),
});
/** One text for one value: base64url has spare bits and Node's reader skips what it does not know, so bytes could change unseen. */
const base64url = (length: number) =>
  z.string().refine(
    (text) => {
      const bytes = Buffer.from(text, 'base64url');
      return bytes.length === length && bytes.toString('base64url') === text;
    },
    `expected ${String(length)} bytes in base64url`,
  );
const signature = z.looseObject({
  algorithm: z.literal('Ed25519'),
  keyId: z.string().refine(isKeyId, 'expected 16 hexadecimal digits'),
  publicKey: base64url(32),
  value: base64url(64),
});
const manifest = z.looseObject({
  version: z.literal(1),
  runId: z.string().min(1),
  taskId: z.string().min(1),
  taskVersion: z.int().min(1),
  state: z.enum(RUN_STATES),
  region: z.string(),
  createdAt: time,
  startedAt: time.optional(),
  finishedAt: time.optional(),
  totals,
  parts: z.array(file),
  ledger: z.array(file),
  signature: signature.optional(),
});

/** Without a manifest there is at least one problem. */
export interface ReadManifest {
  manifest?: Manifest;
  problems: string[];
}

export async function readManifest(path: string): Promise<ReadManifest> {
  let bytes: Buffer;
  let value: unknown;
  try {
    bytes = await readFile(path);
    value = JSON.parse(bytes.toString());
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { problems: ['there is none'] };
    if (error instanceof SyntaxError) return { problems: [`not JSON: ${error.message}`] };
    throw error;
  }
  const parsed = manifest.safeParse(value);
  if (!parsed.success)
    return {
      problems: parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'document'}: ${message}`),
    };
  const line = firstForeignLine(bytes, value);
  const problems = line === undefined ? [] : [`line ${String(line)} is not as Gleaner writes it: the file was changed`];
  // The value itself, since the signature is over all of it. The schema has the shape of the type but for `undefined` in
  // optional fields, which JSON cannot hold.
  return { manifest: value as Manifest, problems };
}

/** The first line in which the text differs from what Gleaner would write: in the bucket on one line, in a directory indented. */
function firstForeignLine(bytes: Buffer, value: unknown): number | undefined {
  const indented = Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
  const plain = Buffer.from(JSON.stringify(value));
  if (bytes.equals(indented) || bytes.equals(plain)) return undefined;
  const expected = bytes.includes('\n  "') ? indented : plain;
  let at = 0;
  let line = 1;
  for (; at < expected.length && bytes[at] === expected[at]; at++) if (bytes[at] === 0x0a) line++;
  return line;
}
