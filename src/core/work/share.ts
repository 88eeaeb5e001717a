/**
 * How many requests a shard may have in flight on a host. All shards of a run that may be worked on at once keep the
 * task's `pace.concurrency` together: a host's share is divided among the streams it was dealt to, halved with every split,
 * and a shard that lags behind its stream takes one of it. Pure.
 */
import { STREAM_SHARDS_OPEN_MAX } from '../limits.ts';
import { shareAfter } from './split.ts';
import type { ShardRow } from '../rows.ts';

type Shares = Pick<ShardRow, 'share' | 'shares' | 'splits' | 'lags' | 'beside'>;

export function shareOf(shard: Shares, host: string): number {
  const share = shareAfter(shard.shares?.[host] ?? shard.share, shard.splits ?? 0);
  return Math.max(1, shard.lags === true ? 1 : share - (shard.beside?.length ?? 0));
}

/** The least share of a host in its stream, whichever hosts are in the shard itself. */
const leastOf = ({ share, shares = {}, splits = 0 }: Shares, more = 0): number =>
  shareAfter(Math.min(share, ...Object.values(shares)), splits + more);

/** May its stream go on while the last of its own targets lag? Then each host keeps one request for them. */
export function mayOvertake(shard: Shares): boolean {
  const lagging = shard.beside?.length ?? 0;
  return shard.lags !== true && lagging + 2 <= STREAM_SHARDS_OPEN_MAX && leastOf(shard) - lagging - 1 >= 1;
}

/** May its stream become two? Then each has half the share, and those that lag keep theirs. */
export const maySplit = (shard: Shares): boolean =>
  shard.lags !== true && leastOf(shard, 1) - (shard.beside?.length ?? 0) >= 1;
