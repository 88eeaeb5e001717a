/**
 * Proves a directory of results against itself, offline: the manifest is as it was signed, every file is the one it means, the
 * ledger balances to the last target, no target ended twice, and every record belongs to a collected target. Nothing in the
 * directory is believed beforehand.
 */
import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Manifest } from '#core/operations.ts';
import { isEnded } from '#core/run.ts';
import { signatureProblem } from '#core/signing.ts';
import { Findings, type Finding } from './findings.ts';
import { readManifest } from './manifest-file.ts';
import { isResultFile, MANIFEST_FILE } from './results-files.ts';
import { Balance } from './verify-balance.ts';
import { urlsAt, type ScanJob } from './verify-scan.ts';
import { scansOf } from './verify-threads.ts';

export interface Verification {
  ok: boolean;
  runId?: string;
  state?: string;
  /** The id of the key whose signature the manifest carries and fits. */
  keyId?: string;
  files: number;
  targets: number;
  records: number;
  /** All of them; `problems` holds the first 1,000. */
  problemCount: number;
  problems: Finding[];
  /** Not wrong, but worth knowing. */
  notes: string[];
}

export interface VerifyOptions {
  /** The id of the key that must have signed. */
  keyId?: string;
  /** Called after each file. */
  onFile?: (done: number, of: number) => void;
  /** On one thread only. Absent: when a second one would not pay. */
  alone?: boolean;
}

/** Less than this, compressed, is read before a second thread has started. */
const ALONE_BYTES_MAX = 4 * 1024 * 1024;

export async function verifyResults(dir: string, options: VerifyOptions = {}): Promise<Verification> {
  const findings = new Findings();
  const read = await readManifest(path.join(dir, MANIFEST_FILE));
  for (const says of read.problems) findings.add(MANIFEST_FILE, says);
  const verification = { ok: false, files: 0, targets: 0, records: 0, problems: findings.kept, notes: [] };
  if (read.manifest === undefined) return { ...verification, problemCount: findings.count };
  const { manifest } = read;
  const signed = checkSignature(manifest, options.keyId);
  for (const says of signed.problems) findings.add(MANIFEST_FILE, says);
  const balance = await checkFiles(dir, manifest, findings, options);
  balance.totals();
  return {
    ok: findings.count === 0,
    runId: manifest.runId,
    state: manifest.state,
    ...(signed.keyId !== undefined && { keyId: signed.keyId }),
    files: manifest.ledger.length + manifest.parts.length,
    targets: balance.ledgerLines,
    records: balance.recordLines,
    problemCount: findings.count,
    problems: findings.kept,
    notes: [...signed.notes, ...balance.notes, ...(await strays(dir, manifest))],
  };
}

/**
 * A signature shows that the manifest is as the holder of its key made it, so whose key it is must be known from elsewhere.
 * @param wanted the id of the only key that will do. A run that lives is signed by nobody yet, which then is a problem too.
 */
function checkSignature(
  manifest: Manifest,
  wanted: string | undefined,
): { keyId?: string; problems: string[]; notes: string[] } {
  const { signature, state } = manifest;
  if (signature === undefined && wanted === undefined && !isEnded(state))
    return { problems: [], notes: ['the manifest is not signed: that happens when the run ends'] };
  const problem = signatureProblem(manifest);
  if (problem !== undefined || signature === undefined) return { problems: [problem ?? 'is not signed'], notes: [] };
  const { keyId } = signature;
  const problems = wanted === undefined || keyId === wanted ? [] : [`is signed by the key ${keyId}, not by ${wanted}`];
  return { keyId, problems, notes: [] };
}

async function checkFiles(
  dir: string,
  manifest: Manifest,
  findings: Findings,
  { onFile, alone = isSmall(manifest) || availableParallelism() < 2 }: VerifyOptions,
): Promise<Balance> {
  const balance = new Balance(manifest, findings);
  const { ledger, parts } = manifest;
  const files = [
    ...ledger.map((file) => ({ file, kind: 'ledger' as const })),
    ...parts.map((file) => ({ file, kind: 'records' as const })),
  ];
  const jobs = files.map(({ file, kind }): ScanJob => ({ kind, dir, name: file.name }));
  let done = 0;
  for await (const scan of scansOf(jobs, alone)) {
    const { file, kind } = files[done] ?? {};
    if (file === undefined) break;
    if (kind === 'ledger') balance.ledgerFile(file, scan);
    else balance.part(file, scan);
    done++;
    onFile?.(done, files.length);
  }
  await findings.nameTargets((name, lines) => {
    const kind = ledger.some((file) => file.name === name) ? 'ledger' : 'records';
    return urlsAt({ kind, dir, name }, lines);
  });
  return balance;
}

function isSmall({ ledger, parts }: Manifest): boolean {
  const bytes = [...ledger, ...parts].reduce((sum, file) => sum + file.bytes, 0);
  return bytes <= ALONE_BYTES_MAX;
}

/** Result files that the manifest does not name: readers who go by the manifest never see them. */
async function strays(dir: string, { parts, ledger }: Manifest): Promise<string[]> {
  const named = new Set([...parts, ...ledger].map((file) => file.name));
  const found = (await readdir(dir)).filter((name) => isResultFile(name) && !named.has(name));
  return found.length === 0
    ? []
    : [`not named by the manifest: ${found.slice(0, 5).join(', ')}${found.length > 5 ? ', …' : ''}`];
}
