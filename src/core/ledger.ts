/**
 * The ledger: every target of a run in exactly one bucket. `discovered` is never counted on its own;
 * it is the sum of the buckets, so it cannot disagree with them.
 */
export const BUCKETS = [
  'pending',
  'collected',
  'unmodified',
  'duplicate',
  'excluded',
  'disallowed',
  'overBudget',
  'failed',
  'cancelled',
] as const;
export type Bucket = (typeof BUCKETS)[number];
/** Where a target can end; `pending` is only where it waits. */
export type EndBucket = Exclude<Bucket, 'pending'>;

export const FAIL_REASONS = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'status',
  'tooLarge',
  'blockedAddress',
  'decode',
  'extract',
  'redirects',
  'robotsUnreachable',
] as const;
export type FailReason = (typeof FAIL_REASONS)[number];

/** Counts of targets by end bucket; a bucket that is absent counts 0. */
export type BucketCounts = Partial<Record<EndBucket, number>>;

/** One line of a ledger object: what became of one target, and why. */
export interface LedgerLine {
  /** The target as given. */
  url: string;
  /** Set when the method is not GET. */
  method?: string;
  /** SHA-256 (hex) of the request body where there is one: with url and method it is the target's identity. */
  bodySha256?: string;
  bucket: EndBucket;
  /** For `failed`. */
  reason?: FailReason;
  /** One sentence for people; never holds a secret. */
  detail?: string;
  status?: number;
  /** Requests sent for this target, redirect hops not counted. */
  attempts: number;
  /** Milliseconds it waited between attempts, all in all; absent when it never did. */
  waitedMs?: number;
  /** What the attempt before the last one met, where there was one: `HTTP 503`, `timeout: …`. */
  lastFailure?: string;
  /** Records written for it. */
  records: number;
  /** When it was decided, RFC 3339. */
  at: string;
  /** Its place in its shard; absent when planning itself decided. */
  index?: number;
  /** For crawls: distance from the seed, and the page that named it. */
  depth?: number;
  from?: string;
}

export function addCounts(into: BucketCounts, from: BucketCounts): BucketCounts {
  const sum: BucketCounts = { ...into };
  for (const [bucket, n] of Object.entries(from) as [EndBucket, number][]) sum[bucket] = (sum[bucket] ?? 0) + n;
  return sum;
}

/** Targets that have an end, over all buckets. */
export function totalOf(counts: BucketCounts): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}
