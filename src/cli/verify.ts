/**
 * Proves a directory of results against itself, offline: every file is the one the manifest means, the ledger balances to
 * the last target, no target ended twice, and every record belongs to a collected target. Nothing in the directory is believed
 * beforehand. Files are streamed; memory grows by the fingerprints of the targets.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { BUCKETS, type Bucket } from '#core/ledger.ts';
import type { Manifest, ManifestFile } from '#core/operations.ts';
import { isEnded } from '#core/run.ts';
import { codeOf } from './failure.ts';
import { plural } from './figures.ts';
import { Findings, type Finding } from './findings.ts';
import { readLedgerLine, readRecordLine } from './result-lines.ts';
import { readManifest } from './manifest-file.ts';
import { isResultFile, MANIFEST_FILE, readGzipLines } from './results-files.ts';
import { Sightings, type Sighting } from './sightings.ts';

export interface Verification {
  ok: boolean;
  runId?: string;
  state?: string;
  files: number;
  targets: number;
  records: number;
  /** All of them; `problems` holds the first 1,000. */
  problemCount: number;
  problems: Finding[];
  /** Not wrong, but worth knowing. */
  notes: string[];
}

interface Progressing {
  /** Called after each file. */
  onFile?: (done: number, of: number) => void;
}

export async function verifyResults(dir: string, { onFile }: Progressing = {}): Promise<Verification> {
  const findings = new Findings();
  const read = await readManifest(path.join(dir, MANIFEST_FILE));
  if (!read.ok) {
    for (const says of read.problems) findings.add(MANIFEST_FILE, says);
    return {
      ok: false,
      files: 0,
      targets: 0,
      records: 0,
      problemCount: findings.count,
      problems: findings.kept,
      notes: [],
    };
  }
  const check = new ResultsCheck(dir, read.manifest, findings);
  const { parts, ledger } = read.manifest;
  let done = 0;
  for (const file of ledger) {
    await check.ledgerFile(file);
    done++;
    onFile?.(done, ledger.length + parts.length);
  }
  for (const file of parts) {
    await check.part(file);
    done++;
    onFile?.(done, ledger.length + parts.length);
  }
  check.totals();
  return {
    ok: findings.count === 0,
    runId: read.manifest.runId,
    state: read.manifest.state,
    files: done,
    targets: check.ledgerLines,
    records: check.recordLines,
    problemCount: findings.count,
    problems: findings.kept,
    notes: [...check.notes, ...(await strays(dir, read.manifest))],
  };
}

class ResultsCheck {
  ledgerLines = 0;
  recordLines = 0;
  readonly notes: string[] = [];
  readonly #dir: string;
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

  constructor(dir: string, manifest: Manifest, findings: Findings) {
    this.#dir = dir;
    this.#manifest = manifest;
    this.#findings = findings;
  }

  async ledgerFile(file: ManifestFile): Promise<void> {
    const number = this.#ledgerNames.push(file.name) - 1;
    const counts: Partial<Record<Bucket, number>> = {};
    let bad = 0;
    const whole = await this.#file(file, (text, line) => {
      this.ledgerLines++;
      const read = readLedgerLine(text);
      if (!read.ok) {
        bad++;
        this.#findings.add(file.name, read.says, line);
        return;
      }
      const { bucket, url, records, identity } = read;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      this.#promisedRecords += records;
      if (bucket === 'collected') this.#collected.see(url, number, line, records);
      else if (records > 0)
        this.#findings.add(file.name, `${bucket} target with ${plural(records, 'record')}: ${url}`, line);
      const before = identity === undefined ? undefined : this.#endedBefore(identity, bucket, { file: number, line });
      if (before) this.#findings.add(file.name, `target ended twice, first in ${this.#where(before)}: ${url}`, line);
    });
    const sound = whole && bad === 0;
    if (!sound) this.#incomplete = true;
    for (const bucket of BUCKETS) {
      const [there, said] = [counts[bucket] ?? 0, file.counts?.[bucket] ?? 0];
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + there;
      if (file.counts !== undefined && there !== said && sound)
        this.#findings.add(file.name, `${String(there)} ${bucket} lines, the manifest says ${String(said)}`);
    }
  }

  /**
   * Where else the target ended. A duplicate repeats, by its nature, one that ended elsewhere; and a rule excludes as often as
   * a source names the target, since it is asked before any memory of what came before.
   */
  #endedBefore(identity: string, bucket: Bucket, { file, line }: Sighting): Sighting | undefined {
    if (bucket === 'duplicate') return undefined;
    if (bucket !== 'excluded') return this.#excluded.find(identity) ?? this.#targets.see(identity, file, line);
    this.#excluded.see(identity, file, line);
    return this.#targets.find(identity);
  }

  async part(file: ManifestFile): Promise<void> {
    const whole = await this.#file(file, (text, line) => {
      this.recordLines++;
      const read = readRecordLine(text);
      if (!read.ok) {
        this.#incomplete = true;
        this.#findings.add(file.name, read.says, line);
      } else if (!this.#collected.adjust(read.url, -1))
        this.#findings.add(file.name, `record of a target that no ledger line calls collected: ${read.url}`, line);
    });
    if (!whole) this.#incomplete = true;
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
   * Name, presence, size, hash and number of lines of any file; `onLine` for what is in it.
   * @returns whether it could be read to its end.
   */
  async #file(file: ManifestFile, onLine: (text: string, line: number) => void): Promise<boolean> {
    const wrong = (says: string): void => {
      this.#findings.add(file.name, says);
    };
    if (this.#names.has(file.name)) wrong('named twice by the manifest');
    this.#names.add(file.name);
    try {
      const facts = await readGzipLines(path.join(this.#dir, file.name), onLine);
      if (facts.bytes !== file.bytes) wrong(`${String(facts.bytes)} bytes, the manifest says ${String(file.bytes)}`);
      if (facts.sha256 !== file.sha256) wrong(`SHA-256 is ${facts.sha256}, the manifest says ${file.sha256}`);
      if (facts.broken !== undefined) {
        this.#findings.add(file.name, `cannot be read further: ${facts.broken}`, facts.lines + 1);
        return false;
      }
      if (facts.lines !== file.lines) wrong(`${String(facts.lines)} lines, the manifest says ${String(file.lines)}`);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      wrong('the file is missing');
      return false;
    }
  }

  #where = ({ file, line }: Sighting): string => `${this.#ledgerNames[file] ?? ''}:${String(line)}`;
}

/** Result files that the manifest does not name: readers who go by the manifest never see them. */
async function strays(dir: string, { parts, ledger }: Manifest): Promise<string[]> {
  const named = new Set([...parts, ...ledger].map((file) => file.name));
  const found = (await readdir(dir)).filter((name) => isResultFile(name) && !named.has(name));
  return found.length === 0
    ? []
    : [`not named by the manifest: ${found.slice(0, 5).join(', ')}${found.length > 5 ? ', …' : ''}`];
}
