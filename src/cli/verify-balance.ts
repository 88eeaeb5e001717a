/**
 * The sums of a verification over all files: the ledger balances to the last target, no target ended twice, and every record
 * belongs to a collected target. Files come one by one, as scans; memory grows by the fingerprints of the targets.
 */
import { BUCKETS, type Bucket } from '#core/ledger.ts';
import type { Manifest, ManifestFile } from '#core/operations.ts';
import { isEnded } from '#core/run.ts';
import { plural } from './figures.ts';
import type { Findings } from './findings.ts';
import { MANIFEST_FILE } from './results-files.ts';
import { Sightings, type Sighting } from './sightings.ts';
import { BAD_LINE, LEDGER_ROW, RECORD_ROW, type FileScan } from './verify-scan.ts';

export class Balance {
  ledgerLines = 0;
  recordLines = 0;
  readonly notes: string[] = [];
  readonly #manifest: Manifest;
  readonly #findings: Findings;
  readonly #names = new Set<string>();
  /** Ledger files by the number that sightings carry. */
  readonly #ledgerNames: string[] = [];
  /** By identity: where each target ended. */
  readonly #targets = new Sightings();
  /** The same for those that a rule excluded. */
  readonly #excluded = new Sightings();
  /** By URL as given: records the ledger promises less those that are there. */
  readonly #collected = new Sightings();
  readonly #counts: Partial<Record<Bucket, number>> = {};
  #promisedRecords = 0;
  /** Some content could not be read: sums over all files would only repeat it. */
  #incomplete = false;

  constructor(manifest: Manifest, findings: Findings) {
    this.#manifest = manifest;
    this.#findings = findings;
  }

  ledgerFile(file: ManifestFile, scan: FileScan): void {
    const number = this.#ledgerNames.push(file.name) - 1;
    const counts = new Map<Bucket, number>();
    const { rows } = scan;
    for (let at = 0, line = 1; at < rows.length; at += LEDGER_ROW.words, line++) {
      this.ledgerLines++;
      const bucket = BUCKETS[rows[at + LEDGER_ROW.bucket] ?? BAD_LINE];
      if (bucket === undefined) continue;
      const records = rows[at + LEDGER_ROW.records] ?? 0;
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      this.#promisedRecords += records;
      const [urlLow = 0, urlHigh = 0] = [rows[at + LEDGER_ROW.url], rows[at + LEDGER_ROW.url + 1]];
      if (bucket === 'collected') this.#collected.see(urlLow, urlHigh, number, line, records);
      const [low = 0, high = 0] = [rows[at + LEDGER_ROW.identity], rows[at + LEDGER_ROW.identity + 1]];
      const before = this.#endedBefore(bucket, low, high, number, line);
      if (before) this.#findings.addUnnamed(file.name, line, `target ended twice, first in ${this.#where(before)}`);
    }
    const sound = this.#file(file, scan);
    for (const bucket of BUCKETS) {
      const [there, said] = [counts.get(bucket) ?? 0, file.counts?.[bucket] ?? 0];
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + there;
      if (file.counts !== undefined && there !== said && sound)
        this.#findings.add(file.name, `${String(there)} ${bucket} lines, the manifest says ${String(said)}`);
    }
  }

  /**
   * Where else the target ended. A duplicate repeats, by its nature, one that ended elsewhere; and a rule excludes as often as
   * a source names the target, since it is asked before any memory of what came before.
   */
  #endedBefore(bucket: Bucket, low: number, high: number, file: number, line: number): Sighting | undefined {
    if (bucket === 'duplicate' || isNone(low, high)) return undefined;
    if (bucket !== 'excluded') return this.#excluded.find(low, high) ?? this.#targets.see(low, high, file, line);
    this.#excluded.see(low, high, file, line);
    return this.#targets.find(low, high);
  }

  part(file: ManifestFile, scan: FileScan): void {
    const { rows } = scan;
    for (let at = 0, line = 1; at < rows.length; at += RECORD_ROW.words, line++) {
      this.recordLines++;
      const [low = 0, high = 0] = [rows[at + RECORD_ROW.url], rows[at + RECORD_ROW.url + 1]];
      if (!isNone(low, high) && !this.#collected.adjust(low, high, -1))
        this.#findings.addUnnamed(file.name, line, 'record of a target that no ledger line calls collected');
    }
    this.#file(file, scan);
  }

  totals(): void {
    const { totals, state } = this.#manifest;
    const wrong = (says: string): void => {
      this.#findings.add(MANIFEST_FILE, says);
    };
    const sum = BUCKETS.reduce((all, bucket) => all + totals[bucket], 0);
    if (totals.discovered !== sum)
      wrong(`discovered is ${String(totals.discovered)}, its buckets sum up to ${String(sum)}`);
    if (isEnded(state) && totals.pending !== 0)
      wrong(`${String(totals.pending)} targets are pending in a run that is ${state}`);
    if (state === 'SUCCEEDED' && totals.failed + totals.cancelled > 0)
      wrong(`${String(totals.failed + totals.cancelled)} targets failed or were cancelled in a run that is SUCCEEDED`);
    if (!isEnded(state)) this.notes.push(`the run was ${state} when this was copied: more may have come since`);
    if (this.#incomplete) {
      this.notes.push('some content could not be read, so the sums over all files were not checked');
      return;
    }
    for (const bucket of BUCKETS) {
      const lines = this.#counts[bucket] ?? 0;
      if (bucket !== 'pending' && lines !== totals[bucket])
        wrong(`${bucket} is ${String(totals[bucket])}, the ledger has ${String(lines)} such lines`);
    }
    this.#recordSums(wrong);
  }

  /** Records that were dropped as duplicates by `extract.key` may be missing from the parts, and no others. */
  #recordSums(wrong: (says: string) => void): void {
    const { records, duplicateRecords: dropped = 0 } = this.#manifest.totals;
    if (this.recordLines !== records && this.recordLines !== records - dropped)
      wrong(`records is ${String(records)}, the parts have ${String(this.recordLines)} lines`);
    const missing = this.#promisedRecords - this.recordLines;
    if (missing !== 0 && missing !== dropped)
      wrong(`the ledger tells of ${String(this.#promisedRecords)} records, the parts have ${String(this.recordLines)}`);
    for (const { file, line, balance } of this.#collected.unbalanced()) {
      if (balance > 0 && dropped > 0) continue;
      const says =
        balance > 0
          ? `${plural(balance, 'record')} fewer in the parts than this target had`
          : `${plural(-balance, 'record')} more in the parts than this target had`;
      this.#findings.add(this.#ledgerNames[file] ?? '', says, line);
    }
  }

  /**
   * Name, presence, size, hash and number of lines of any file.
   * @returns whether all of it could be read.
   */
  #file(file: ManifestFile, { facts, badLines, findings, findingCount }: FileScan): boolean {
    const wrong = (says: string, line?: number): void => {
      this.#findings.add(file.name, says, line);
    };
    this.#findings.join(findings, findingCount);
    if (this.#names.has(file.name)) wrong('named twice by the manifest');
    this.#names.add(file.name);
    const whole = facts !== undefined && facts.broken === undefined;
    if (!whole || badLines > 0) this.#incomplete = true;
    if (facts === undefined) {
      wrong('the file is missing');
      return false;
    }
    if (facts.bytes !== file.bytes) wrong(`${String(facts.bytes)} bytes, the manifest says ${String(file.bytes)}`);
    if (facts.sha256 !== file.sha256) wrong(`SHA-256 is ${facts.sha256}, the manifest says ${file.sha256}`);
    if (facts.broken !== undefined) wrong(`cannot be read further: ${facts.broken}`, facts.lines + 1);
    else if (facts.lines !== file.lines) wrong(`${String(facts.lines)} lines, the manifest says ${String(file.lines)}`);
    return whole && badLines === 0;
  }

  #where = ({ file, line }: Sighting): string => `${this.#ledgerNames[file] ?? ''}:${String(line)}`;
}

/** Words that stand for no fingerprint. */
const isNone = (low: number, high: number): boolean => low === 0 && high === 0;
