/**
 * One line of a ledger or records file, from bytes that may be anything to what a verification needs of it. Each kind has two
 * readers: `read…` judges any text, `skim…` knows only lines as Gleaner writes them and is several times faster. Where the
 * second gives an answer, it is the first one's; the tests hold them together.
 */
import { BUCKETS, type Bucket } from '#core/ledger.ts';
import { canonicalUrl } from '#core/url.ts';
import { isAt, ObjectSkim } from './json-skim.ts';
import { isPlainUrl } from './plain-url.ts';

type Bad = { ok: false; says: string };
export type LedgerFacts = {
  ok: true;
  bucket: Bucket;
  url: string;
  records: number;
  /** Canonical URL, with method and body hash unless it is a plain GET; undefined when the line names no http(s) URL. */
  identity: string | undefined;
};

/** More than any target can have; counts fit in a word. */
const RECORDS_MAX = 0xffff_ffff;

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
  if (typeof records !== 'number' || !Number.isSafeInteger(records) || records < 0 || records > RECORDS_MAX)
    return { ok: false, says: 'records: expected a whole number' };
  const canonical = canonicalUrl(url);
  const verb = typeof method === 'string' ? method.toUpperCase() : 'GET';
  const body = typeof bodySha256 === 'string' ? bodySha256 : '';
  const identity =
    canonical === undefined || (verb === 'GET' && body === '') ? canonical : `${verb} ${canonical} ${body}`;
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

/** The bytes between the URL's quotation marks. */
interface UrlPlace {
  urlFrom: number;
  urlTo: number;
}
/** A line whose identity is its URL, byte for byte. */
export interface SkimmedLedgerLine extends UrlPlace {
  bucket: Bucket;
  records: number;
}

const LEDGER = new ObjectSkim(['url', 'bucket', 'records', 'method', 'bodySha256']);
const RECORD = new ObjectSkim(['url', 'data', 'index', 'status']);
/** Places in the lists above. */
const URL = 0;
const [BUCKET, RECORDS, METHOD, BODY_SHA256] = [1, 2, 3, 4];
const [DATA, INDEX, STATUS] = [1, 2, 3];
const OPEN_BRACE = 0x7b;
const QUOTE = 0x22;
const QUOTED_ENDS = BUCKETS.filter((bucket) => bucket !== 'pending').map((bucket) => ({
  bucket,
  quoted: new TextEncoder().encode(`"${bucket}"`),
}));

/** Undefined: only `readLedgerLine` can tell. */
export function skimLedgerLine(bytes: Uint8Array, from: number, to: number): SkimmedLedgerLine | undefined {
  if (!LEDGER.read(bytes, from, to)) return undefined;
  if (LEDGER.has(METHOD) || LEDGER.has(BODY_SHA256)) return undefined;
  const bucketAt = LEDGER.begin(BUCKET);
  const bucket = QUOTED_ENDS.find(({ quoted }) => isAt(bytes, bucketAt, quoted))?.bucket;
  const records = smallNumber(bytes, LEDGER.begin(RECORDS), LEDGER.end(RECORDS));
  const url = plainUrlIn(bytes, LEDGER);
  return bucket === undefined || records === undefined || url === undefined ? undefined : { bucket, records, ...url };
}

/** The place of the URL in a good line. Undefined: only `readRecordLine` can tell. */
export function skimRecordLine(bytes: Uint8Array, from: number, to: number): UrlPlace | undefined {
  if (!RECORD.read(bytes, from, to)) return undefined;
  const index = smallNumber(bytes, RECORD.begin(INDEX), RECORD.end(INDEX));
  const status = smallNumber(bytes, RECORD.begin(STATUS), RECORD.end(STATUS));
  if (index === undefined || status === undefined || bytes[RECORD.begin(DATA)] !== OPEN_BRACE) return undefined;
  return plainUrlIn(bytes, RECORD);
}

function plainUrlIn(bytes: Uint8Array, line: ObjectSkim): UrlPlace | undefined {
  const [from, to] = [line.begin(URL), line.end(URL)];
  return bytes[from] === QUOTE && isPlainUrl(bytes, from + 1, to - 1)
    ? { urlFrom: from + 1, urlTo: to - 1 }
    : undefined;
}

/** Digits alone, one to nine. */
function smallNumber(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (to === from || to - from > 9) return undefined;
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
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
