/** Failed targets by reason, each with one example: counted from ledger lines, wherever they come from. */
import type { LedgerLine } from '#core/ledger.ts';
import { PAGE_LIMIT_MAX } from '#core/limits.ts';
import type { Client } from './client.ts';

export interface FailureGroup {
  reason: string;
  count: number;
  /** The first target seen with this reason, and what was said of it. */
  url: string;
  detail: string;
}

/** Pages of the ledger read at most: a summary needs the shape of the trouble, not a million lines. */
const PAGES_MAX = 10;

/** Groups in order of size. Lines of other buckets are passed over. */
export async function tallyFailures(lines: Iterable<LedgerLine> | AsyncIterable<LedgerLine>): Promise<FailureGroup[]> {
  const groups = new Map<string, FailureGroup>();
  for await (const line of lines) {
    if (line.bucket !== 'failed') continue;
    const reason = line.reason ?? 'unknown';
    const group = groups.get(reason);
    if (group) group.count++;
    else groups.set(reason, { reason, count: 1, url: line.url, detail: detailOf(line) });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason, 'en'));
}

function detailOf({ status, detail }: LedgerLine): string {
  const http = status === undefined ? '' : `HTTP ${String(status)}`;
  if (detail === undefined || detail === '') return http;
  return http === '' || detail.includes(String(status)) ? detail : `${http}, ${detail}`;
}

/** The failed targets of a run as the API tells them, the first `PAGES_MAX` pages. */
export async function* failedLines(client: Client, runId: string): AsyncGenerator<LedgerLine> {
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await client.ledger(runId, {
      bucket: 'failed',
      limit: PAGE_LIMIT_MAX,
      ...(cursor !== undefined && { cursor }),
    });
    yield* answer.items;
    // An API may say "no more" by leaving the cursor out or by null.
    cursor = answer.nextCursor ?? undefined;
    if (cursor === undefined) return;
  }
}
