/** Invariants of a manifest against the objects it names and the records the site gave. Pure but for the hashing. */
import { createHash } from 'node:crypto';
import { BUCKETS, type LedgerLine } from '#core/ledger.ts';
import { signatureProblem } from '#core/signing.ts';
import type { Manifest, ManifestFile, RecordLine } from '#core/operations.ts';
import { violation, type Violation } from './invariants.ts';
import type { Site } from './site.ts';

export interface ManifestFacts {
  manifest: Manifest;
  /** The bytes of a file that the manifest names. */
  fileOf: (name: string) => Uint8Array | undefined;
  site: Site;
  /** Fields by which repeated records are dropped. */
  key: string[] | undefined;
}

const decoder = new TextDecoder();
const linesOf = (bytes: Uint8Array | undefined): string[] =>
  bytes === undefined ? [] : decoder.decode(bytes).split('\n').slice(0, -1);

export const ledgerOf = ({ manifest, fileOf }: Pick<ManifestFacts, 'manifest' | 'fileOf'>): LedgerLine[] =>
  manifest.ledger.flatMap(({ name }) => linesOf(fileOf(name)).map((line) => JSON.parse(line) as LedgerLine));

export function checkManifest(facts: ManifestFacts): Violation[] {
  const { manifest } = facts;
  const problem = signatureProblem(manifest);
  return [
    ...[...manifest.parts, ...manifest.ledger].flatMap((file) => checkFile(file, facts.fileOf(file.name))),
    ...(problem === undefined ? [] : [violation('filesExist', `the manifest ${problem}`)]),
    ...checkNames(manifest),
    ...checkTotals(manifest, ledgerOf(facts)),
    ...checkRecords(facts),
  ];
}

function checkFile(file: ManifestFile, bytes: Uint8Array | undefined): Violation[] {
  const says = (text: string): Violation[] => [violation('filesExist', `${file.name} ${text}`)];
  if (bytes === undefined) return says('does not exist');
  if (bytes.byteLength !== file.bytes) return says(`has ${String(bytes.byteLength)} bytes, not ${String(file.bytes)}`);
  if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) return says('has another hash');
  const lines = linesOf(bytes).length;
  return lines === file.lines ? [] : says(`has ${String(lines)} lines, not ${String(file.lines)}`);
}

function checkNames({ parts, ledger }: Manifest): Violation[] {
  const names = [...parts, ...ledger].map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  return twice === undefined ? [] : [violation('filesExist', `${twice} is named twice`)];
}

function checkTotals({ totals, parts }: Manifest, lines: LedgerLine[]): Violation[] {
  const found: Violation[] = [];
  const says = (text: string): void => void found.push(violation('totalsAgree', text));
  for (const bucket of BUCKETS) {
    const count = lines.filter((line) => line.bucket === bucket).length;
    if (count !== totals[bucket])
      says(`${String(totals[bucket])} ${bucket} in the totals, ${String(count)} in the ledger`);
  }
  if (totals.discovered !== lines.length)
    says(`${String(totals.discovered)} discovered, ${String(lines.length)} lines`);
  const records = parts.reduce((sum, part) => sum + part.lines, 0);
  if (records !== totals.records)
    says(`${String(totals.records)} records in the totals, ${String(records)} in the parts`);
  return found;
}

function checkRecords(facts: ManifestFacts): Violation[] {
  const { manifest, fileOf, site, key } = facts;
  const found: Violation[] = [];
  const says = (text: string): void => void found.push(violation('recordsOnce', text));
  const due = new Map<string, { text: string; key: string }>();
  for (const line of ledgerOf(facts)) {
    const page = site.pageOf(line.url);
    const records = line.bucket === 'collected' && page ? site.recordsOf(page) : [];
    if (line.records !== records.length)
      says(`${line.url} has ${String(line.records)} records in the ledger, not ${String(records.length)}`);
    for (const [index, data] of records.entries())
      due.set(data.id, {
        text: JSON.stringify([index, data]),
        key: JSON.stringify(key?.map((name) => data[name as 'id'])),
      });
  }
  const seen = new Set<string>();
  const seenKeys = new Set<string>();
  for (const { name } of manifest.parts) {
    for (const line of linesOf(fileOf(name))) {
      const { index, data } = JSON.parse(line) as RecordLine;
      const id = String(data.id);
      const expected = due.get(id);
      if (expected === undefined) says(`${id} belongs to no collected target`);
      else if (expected.text !== JSON.stringify([index, data])) says(`${id} is not as it was extracted`);
      if (seen.has(id)) says(`${id} is there twice`);
      seen.add(id);
      if (key === undefined || expected === undefined) continue;
      if (seenKeys.has(expected.key)) says(`${id}: another record has the key ${expected.key}`);
      seenKeys.add(expected.key);
    }
  }
  for (const [id, expected] of due)
    if (key === undefined ? !seen.has(id) : !seenKeys.has(expected.key)) says(`${id} is missing`);
  return found;
}
