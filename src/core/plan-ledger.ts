/** Ledger lines that planning decides by itself, in objects of bounded size. */
import { fileName, fileObject, planLedgerName } from './names.ts';
import { ledgerLine } from './ledger-line.ts';
import { fresh, transition } from './target.ts';
import type { BucketCounts, EndBucket, FailReason } from './ledger.ts';
import type { Clock, Objects } from './ports.ts';
import type { PlannedTarget } from './planned-target.ts';
import type { LedgerFile, RunRow } from './rows.ts';

const LINES_MAX = 50_000;

export class PlanLedger {
  readonly #ports: { objects: Objects; clock: Clock };
  readonly #run: RunRow;
  readonly #round: number;
  #lines: string[] = [];
  #counts: BucketCounts = {};
  readonly #files: LedgerFile[] = [];

  constructor(ports: { objects: Objects; clock: Clock }, run: RunRow, round: number) {
    this.#ports = ports;
    this.#run = run;
    this.#round = round;
  }

  async add(target: PlannedTarget, bucket: EndBucket, detail: string, reason?: FailReason): Promise<void> {
    const state = transition(fresh, { kind: 'decide', bucket, detail, ...(reason !== undefined && { reason }) });
    const line = ledgerLine(target, state, { at: new Date(this.#ports.clock.now()).toISOString(), records: 0 });
    this.#lines.push(JSON.stringify(line));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    if (this.#lines.length >= LINES_MAX) await this.#flush();
  }

  async finish(): Promise<{ counts: BucketCounts; ledgers: LedgerFile[] }> {
    if (this.#lines.length > 0) await this.#flush();
    const counts: BucketCounts = {};
    for (const file of this.#files)
      for (const [bucket, n] of Object.entries(file.counts) as [EndBucket, number][])
        counts[bucket] = (counts[bucket] ?? 0) + n;
    return { counts, ledgers: this.#files };
  }

  async #flush(): Promise<void> {
    const { tenant, runId, planEpoch } = this.#run;
    const name = planLedgerName(this.#round, planEpoch, this.#files.length);
    const stored = await this.#ports.objects.writeLines(
      fileObject(tenant, runId, fileName('ledger', name)),
      this.#lines,
    );
    this.#files.push({ name, ...stored, counts: this.#counts });
    this.#lines = [];
    this.#counts = {};
  }
}
