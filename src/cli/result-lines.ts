/** One line of a ledger or records file, from text that may be anything to what a verification needs of it. */
import { BUCKETS, type Bucket } from '#core/ledger.ts';
import { canonicalUrl } from '#core/url.ts';

type Bad = { ok: false; says: string };
export type LedgerFacts = {
  ok: true;
  bucket: Bucket;
  url: string;
  records: number;
  /** Canonical URL, method and body hash; undefined when the line names no http(s) URL. */
  identity: string | undefined;
};

export function readLedgerLine(text: string): LedgerFacts | Bad {
  const line = objectIn(text);
  if (line === undefined) return { ok: false, says: 'not a JSON object' };
  const { url, bucket, records, method, bodySha256 } = line;
  if (typeof url !== 'string') return { ok: false, says: 'url: expected a string' };
  if (!isBucket(bucket))
    return {
      ok: false,
      says: `bucket: expected one of ${BUCKETS.join(', ')}, got ${JSON.stringify(bucket) ?? 'nothing'}`,
    };
  if (bucket === 'pending') return { ok: false, says: 'bucket: a ledger line has an end, got pending' };
  if (typeof records !== 'number' || !Number.isSafeInteger(records) || records < 0)
    return { ok: false, says: 'records: expected a whole number' };
  const canonical = canonicalUrl(url);
  const verb = typeof method === 'string' ? method.toUpperCase() : 'GET';
  const identity =
    canonical === undefined ? undefined : `${verb} ${canonical} ${typeof bodySha256 === 'string' ? bodySha256 : ''}`;
  return { ok: true, bucket, url, records, identity };
}

export function readRecordLine(text: string): { ok: true; url: string } | Bad {
  const line = objectIn(text);
  if (line === undefined) return { ok: false, says: 'not a JSON object' };
  const { url, data, index, status } = line;
  if (typeof url !== 'string') return { ok: false, says: 'url: expected a string' };
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return { ok: false, says: 'data: expected an object' };
  if (!Number.isSafeInteger(index)) return { ok: false, says: 'index: expected a whole number' };
  if (!Number.isSafeInteger(status)) return { ok: false, says: 'status: expected a whole number' };
  return { ok: true, url };
}

const isBucket = (value: unknown): value is Bucket => (BUCKETS as readonly unknown[]).includes(value);

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
