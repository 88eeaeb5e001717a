/** Builds a directory of results that is right in every respect, for tests to break one thing of. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { BUCKETS, type Bucket, type LedgerLine } from '#core/ledger.ts';
import type { Manifest, ManifestFile, Progress, RecordLine, SigningKeyView } from '#core/operations.ts';
import { isEnded } from '#core/run.ts';
import { signedBytes } from '#core/signing.ts';

export const RUN_ID = '01k9zzzzzzzzzzzzzzzzzzzzzz';
const AT = '2026-11-24T00:00:00.000Z';

export const ledgerLine = (url: string, more: Partial<LedgerLine> = {}): LedgerLine => ({
  url,
  bucket: 'collected',
  status: 200,
  attempts: 1,
  records: 1,
  at: AT,
  ...more,
});
export const recordLine = (url: string, index = 0): RecordLine => ({
  url,
  fetchedAt: AT,
  status: 200,
  finalUrl: url,
  index,
  data: { title: `of ${url}` },
});

const pair = generateKeyPairSync('ed25519');
const rawKey = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
export const SIGNING_KEY: SigningKeyView = {
  algorithm: 'Ed25519',
  keyId: createHash('sha256').update(rawKey).digest('hex').slice(0, 16),
  publicKey: rawKey.toString('base64url'),
};
/** As the run's end signs it; the manifest of a run that lives is not signed. */
export function signed({ signature: _, ...manifest }: Manifest): Manifest {
  if (!isEnded(manifest.state)) return manifest;
  const value = sign(null, signedBytes(manifest), pair.privateKey).toString('base64url');
  return { ...manifest, signature: { ...SIGNING_KEY, value } };
}

export interface Tree {
  manifest: Manifest;
  /** Compressed, by name. */
  files: Map<string, Buffer>;
}

/** @param ledger lines of each ledger file. @param parts lines of each part. */
export function treeOf(ledger: LedgerLine[][], parts: RecordLine[][]): Tree {
  const files = new Map<string, Buffer>();
  const add = (name: string, lines: object[]): ManifestFile => {
    const body = gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    files.set(name, body);
    return { name, bytes: body.length, sha256: createHash('sha256').update(body).digest('hex'), lines: lines.length };
  };
  const all = ledger.flat();
  const ledgerFiles = ledger.map((lines, i) => ({
    ...add(`ledger-r000p001s00000${String(i)}-1-0000.ndjson.gz`, lines),
    counts: countsOf(lines),
  }));
  const manifest: Manifest = {
    version: 1,
    runId: RUN_ID,
    taskId: 'shop',
    taskVersion: 1,
    state: all.some((line) => line.bucket === 'failed') ? 'PARTIAL' : 'SUCCEEDED',
    region: 'local-1',
    createdAt: AT,
    startedAt: AT,
    finishedAt: '2026-11-24T00:00:12.500Z',
    totals: totalsOf(all, parts.flat().length),
    parts: parts.map((lines, i) => add(`records-r000p001s00000${String(i)}-1-0000.ndjson.gz`, lines)),
    ledger: ledgerFiles,
  };
  return { manifest: signed(manifest), files };
}

function countsOf(lines: LedgerLine[]): Partial<Record<Bucket, number>> {
  const counts: Partial<Record<Bucket, number>> = {};
  for (const { bucket } of lines) counts[bucket] = (counts[bucket] ?? 0) + 1;
  return counts;
}

export function totalsOf(lines: LedgerLine[], records: number): Progress {
  const zero = Object.fromEntries(BUCKETS.map((bucket) => [bucket, 0])) as Record<Bucket, number>;
  return {
    discovered: lines.length,
    ...zero,
    ...countsOf(lines),
    attempts: lines.length,
    records,
    bytes: 1_000 * lines.length,
  };
}

/** Four targets in three buckets over two files, two of them with records. */
export function goodTree(): Tree {
  const a = 'http://shop.example/a';
  return treeOf(
    [
      [
        ledgerLine(a, { records: 2 }),
        ledgerLine('http://shop.example/c#top', { bucket: 'duplicate', records: 0, attempts: 0 }),
      ],
      [
        ledgerLine('http://shop.example/b'),
        ledgerLine('http://shop.example/b', { method: 'POST', bodySha256: '00ff' }),
        ledgerLine('http://shop.example/c', { bucket: 'failed', reason: 'status', status: 404, records: 0 }),
      ],
    ],
    [
      [recordLine(a), recordLine(a, 1)],
      [recordLine('http://shop.example/b'), recordLine('http://shop.example/b')],
    ],
  );
}

/** Signs what the manifest says now, unless it is to be written as it is. */
export function writeTree(dir: string, { manifest, files }: Tree, { asIs = false } = {}): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, body] of files) writeFileSync(path.join(dir, name), body);
  const written = asIs ? manifest : signed(manifest);
  writeFileSync(path.join(dir, 'manifest.json'), `${JSON.stringify(written, undefined, 2)}\n`);
  return dir;
}
