/**
 * The part of a verification that needs nothing but one file: its hash, its lines, and of each line what the sums over all
 * files need. This is nearly all of the work, and any thread can do it (`verify-threads.ts`).
 */
import path from 'node:path';
import { BUCKETS } from '#core/ledger.ts';
import { codeOf } from './failure.ts';
import { plural } from './figures.ts';
import { Findings, type Finding } from './findings.ts';
import { readLedgerLine, readRecordLine, skimLedgerLine, skimRecordLine } from './result-lines.ts';
import { readGzipLines, type FileFacts } from './results-files.ts';
import { fingerprint, type Fingerprint } from './sightings.ts';

export interface ScanJob {
  kind: 'ledger' | 'records';
  dir: string;
  /** Checked by `isResultFile`: it becomes a path. */
  name: string;
}

export interface FileScan {
  /** Undefined: there is no such file. */
  facts: FileFacts | undefined;
  /** A row for each line: `LEDGER_ROW` or `RECORD_ROW`. */
  rows: Uint32Array;
  /** Lines that are not what such a file holds. */
  badLines: number;
  findings: Finding[];
  findingCount: number;
}

/**
 * Words of a ledger line's row: its bucket by place in `BUCKETS` (`BAD_LINE`: none), its records, the fingerprints of its
 * identity (0, 0: it has none) and of its URL as given.
 */
export const LEDGER_ROW = { words: 6, bucket: 0, records: 1, identity: 2, url: 4 } as const;
export const BAD_LINE = 0xff;
/** Words of a record's row: the fingerprint of its URL as given; 0, 0 for a bad line. */
export const RECORD_ROW = { words: 2, url: 0 } as const;

const NONE: Fingerprint = { low: 0, high: 0 };

export async function scanFile({ kind, dir, name }: ScanJob): Promise<FileScan> {
  const scan = kind === 'ledger' ? new LedgerScan(name) : new RecordScan(name);
  let facts: FileFacts | undefined;
  try {
    facts = await readGzipLines(path.join(dir, name), scan.line);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const { rows, badLines, findings } = scan;
  return { facts, rows: rows.words, badLines, findings: findings.kept, findingCount: findings.count };
}

class LedgerScan {
  readonly rows = new Rows();
  readonly findings = new Findings();
  badLines = 0;
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }

  line = (bytes: Buffer, from: number, to: number, number: number): void => {
    const skimmed = skimLedgerLine(bytes, from, to);
    if (skimmed !== undefined) {
      const { bucket, records, urlFrom, urlTo } = skimmed;
      const url = bytes.subarray(urlFrom, urlTo);
      const print = fingerprint(url);
      this.#row(bucket, records, print, print);
      if (bucket !== 'collected' && records > 0) this.#unexpected(bucket, records, url.toString(), number);
      return;
    }
    const read = readLedgerLine(bytes.toString('utf8', from, to));
    if (!read.ok) {
      this.badLines++;
      this.findings.add(this.#name, read.says, number);
      this.rows.push(BAD_LINE, 0, 0, 0, 0, 0);
      return;
    }
    const { bucket, records, url, identity } = read;
    this.#row(bucket, records, identity === undefined ? NONE : fingerprint(identity), fingerprint(url));
    if (bucket !== 'collected' && records > 0) this.#unexpected(bucket, records, url, number);
  };

  #row(bucket: (typeof BUCKETS)[number], records: number, identity: Fingerprint, url: Fingerprint): void {
    this.rows.push(BUCKETS.indexOf(bucket), records, identity.low, identity.high, url.low, url.high);
  }

  #unexpected(bucket: string, records: number, url: string, line: number): void {
    this.findings.add(this.#name, `${bucket} target with ${plural(records, 'record')}: ${url}`, line);
  }
}

class RecordScan {
  readonly rows = new Rows();
  readonly findings = new Findings();
  badLines = 0;
  readonly #name: string;
  constructor(name: string) {
    this.#name = name;
  }

  line = (bytes: Buffer, from: number, to: number, number: number): void => {
    const skimmed = skimRecordLine(bytes, from, to);
    if (skimmed !== undefined) {
      const { low, high } = fingerprint(bytes.subarray(skimmed.urlFrom, skimmed.urlTo));
      this.rows.push(low, high);
      return;
    }
    const read = readRecordLine(bytes.toString('utf8', from, to));
    if (!read.ok) {
      this.badLines++;
      this.findings.add(this.#name, read.says, number);
    }
    const { low, high } = read.ok ? fingerprint(read.url) : NONE;
    this.rows.push(low, high);
  };
}

/** Words in a growing array, which can be handed to another thread. */
class Rows {
  #words = new Uint32Array(1 << 10);
  #length = 0;

  push(...row: number[]): void {
    if (this.#length + row.length > this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    for (const word of row) this.#words[this.#length++] = word;
  }

  get words(): Uint32Array {
    return this.#words.subarray(0, this.#length);
  }
}

/** The URLs of some lines of a file, as far as they can be read. */
export async function urlsAt({ kind, dir, name }: ScanJob, lines: ReadonlySet<number>): Promise<Map<number, string>> {
  const urls = new Map<number, string>();
  await readGzipLines(path.join(dir, name), (bytes, from, to, number) => {
    if (!lines.has(number)) return;
    const text = bytes.toString('utf8', from, to);
    const read = kind === 'ledger' ? readLedgerLine(text) : readRecordLine(text);
    if (read.ok) urls.set(number, read.url);
  });
  return urls;
}
