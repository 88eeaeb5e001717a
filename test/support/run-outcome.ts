/** What a run in a memory world came to, read through the service and checked for balance. */
import { expect } from 'vitest';
import type { LedgerLine } from '#core/ledger.ts';
import type { Outcome, RecordLine, RunView } from '#core/operations.ts';
import { caller, type MemoryWorld } from './memory-world.ts';

/** The value of an operation that must succeed. */
export const ok = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value;
};

export async function outcome(world: MemoryWorld, runId: string) {
  const run = ok(await world.service.getRun(caller, runId));
  const ledger = ok(await world.service.ledger(caller, runId, {}, { limit: 1000 })).items as LedgerLine[];
  const records = ok(await world.service.records(caller, runId, { limit: 1000 })).items;
  balanced(run, ledger, records);
  return { run, ledger, records };
}

function balanced(run: RunView, ledger: LedgerLine[], records: RecordLine[]): void {
  const { discovered, attempts: _a, records: count, bytes: _b, duplicateRecords: _d, ...buckets } = run.progress;
  expect(Object.values(buckets).reduce((sum, n) => sum + n, 0)).toBe(discovered);
  expect(run.progress.pending).toBe(0);
  expect(ledger).toHaveLength(discovered);
  expect(records).toHaveLength(count);
}

export const urls = (n: number, host = 'a.example'): string[] =>
  Array.from({ length: n }, (_, i) => `https://${host}/${String(i)}`);
