/** Failed targets by reason. Pure. */
import type { LedgerLine } from './generated/api.ts';

export interface FailureGroup {
  reason: string;
  count: number;
  /** Of the first of them. */
  detail: string;
  examples: string[];
}
const EXAMPLES = 3;

/** Most frequent first; a status is part of its reason. */
export function groupFailures(lines: readonly LedgerLine[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const line of lines) {
    if (line.bucket !== 'failed') continue;
    const { reason = 'unknown', status, detail = '' } = line;
    const name = reason === 'status' && status !== undefined ? `status ${String(status)}` : reason;
    const group = groups.get(name) ?? { reason: name, count: 0, detail, examples: [] };
    group.count++;
    if (group.examples.length < EXAMPLES) group.examples.push(line.url);
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
