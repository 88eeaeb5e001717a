/** Reads a manifest that may be anything, and says what is wrong with its shape. Fields it does not know are let be: v1 may grow. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { BUCKETS } from '#core/ledger.ts';
import type { Manifest } from '#core/operations.ts';
import { RUN_STATES } from '#core/run.ts';
import { codeOf } from './failure.ts';
import { isResultFile } from './results-files.ts';

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
});

export type ReadManifest = { ok: true; manifest: Manifest } | { ok: false; problems: string[] };

export async function readManifest(path: string): Promise<ReadManifest> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { ok: false, problems: ['there is none'] };
    if (error instanceof SyntaxError) return { ok: false, problems: [`not JSON: ${error.message}`] };
    throw error;
  }
  const parsed = manifest.safeParse(value);
  // The schema has the shape of the type but for `undefined` in optional fields, which JSON cannot hold.
  if (parsed.success) return { ok: true, manifest: parsed.data as Manifest };
  return {
    ok: false,
    problems: parsed.error.issues.map(({ path: at, message }) => `${at.join('.') || 'document'}: ${message}`),
  };
}
