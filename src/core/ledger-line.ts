/** One target's end as a line of the ledger: written by planning, by workers and by the end of a run in the same way. */
import { bodySha256 } from './url.ts';
import type { PlannedTarget } from './planned-target.ts';
import type { LedgerLine } from './ledger.ts';
import type { TargetState } from './target.ts';

/** @param of `index`: its place in the shard, where it has one. */
export function ledgerLine(
  target: PlannedTarget,
  state: Extract<TargetState, { kind: 'ended' }>,
  of: { at: string; records: number; index?: number },
): LedgerLine {
  const { bucket, reason, detail, status, attempts, waitedMs, lastFailure } = state;
  return {
    url: target.url,
    ...identityFields(target),
    bucket,
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail }),
    ...(status !== undefined && { status }),
    attempts,
    ...(waitedMs > 0 && { waitedMs }),
    ...(lastFailure !== undefined && { lastFailure }),
    records: of.records,
    at: of.at,
    ...(of.index !== undefined && { index: of.index }),
    ...(target.depth !== undefined && { depth: target.depth }),
    ...(target.from !== undefined && { from: target.from }),
  };
}

/** What besides the URL makes a target itself. */
export const identityFields = (target: {
  method?: string;
  body?: string;
}): { method?: string; bodySha256?: string } => ({
  ...(target.method !== undefined && target.method !== 'GET' && { method: target.method }),
  ...(target.body !== undefined && { bodySha256: bodySha256(target.body) }),
});
