import type { IncomingMessage } from 'node:http';
import type { Need } from './iam-gate.ts';

/** Path style, as the SDKs address a numeric host. `key` is empty for the bucket itself. */
export interface S3Target {
  bucket: string;
  key: string;
  query: URLSearchParams;
}

/** Not by `URL`: it would fold `..` in keys. A path that is not valid percent encoding is nobody's object: undefined. */
export function s3Target(requestUrl: string): S3Target | undefined {
  const mark = requestUrl.indexOf('?');
  const path = mark < 0 ? requestUrl : requestUrl.slice(0, mark);
  const [, bucket = '', ...rest] = path.split('/');
  try {
    return {
      bucket: decodeURIComponent(bucket),
      key: decodeURIComponent(rest.join('/')),
      query: new URLSearchParams(mark < 0 ? '' : requestUrl.slice(mark + 1)),
    };
  } catch {
    return undefined;
  }
}

/**
 * Which requests reach the S3 emulator. It takes conditional writes without looking at the condition, replaces an object
 * by the text of its tags, and answers 200 to much it does not do; so whatever is not known to be right is refused.
 * @returns why a request is refused, or undefined.
 */
export function s3Refusal(method: string, target: S3Target, headers: IncomingMessage['headers']): string | undefined {
  const { key } = target;
  const queries = queriesOf(target);
  const refusedHeader = [...Object.keys(headers), ...queries].find((name) => REFUSED_NAMES.has(name));
  if (refusedHeader !== undefined) return refusedHeader;
  const conditional =
    method === 'GET' || method === 'HEAD' ? undefined : CONDITIONS.find((name) => headers[name] !== undefined);
  if (conditional !== undefined) return `${conditional} on writes`;
  const form = formOf(method, target);
  if (form === undefined) return `${method} on ${key === '' ? 'a bucket' : 'an object'}`;
  return queries.find((name) => !form.needs.includes(name) && !form.takes.includes(name) && !isSignature(name));
}

const queriesOf = (target: S3Target): string[] => [...target.query.keys()].map((name) => name.toLowerCase());
const formOf = (method: string, target: S3Target): Form | undefined =>
  FORMS.find(
    (f) =>
      f.methods.includes(method) &&
      f.key === (target.key !== '') &&
      f.needs.every((query) => queriesOf(target).includes(query)),
  );

/** What a request that was let through needs; one without a form needs what nobody can grant. */
export function s3Need(method: string, target: S3Target): Need {
  const { bucket, key, query } = target;
  const action = formOf(method, target)?.action ?? 'unknown';
  const prefix = query.get('prefix');
  return {
    action: `s3:${action}`,
    resource: `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`,
    ...(prefix === null ? {} : { context: { 's3:prefix': [prefix] } }),
  };
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
/** As headers, or moved into the query by a presigner. */
const REFUSED_NAMES = new Set([
  'x-amz-copy-source', 'x-amz-tagging', 'x-amz-acl', 'x-amz-object-lock-mode', 'x-amz-object-lock-legal-hold',
  'x-amz-website-redirect-location', 'x-amz-write-offset-bytes',
]); // prettier-ignore
const isSignature = (name: string): boolean => name.startsWith('x-amz-') || name === 'x-id';

interface Form {
  /** Of IAM, by the service authorization reference. */
  action: string;
  methods: string[];
  key: boolean;
  needs: string[];
  takes: string[];
}
/** More demanding forms stand first. */
const FORMS: Form[] = [
  {
    action: 'ListBucket',
    methods: ['GET'],
    key: false,
    needs: ['list-type'],
    takes: ['prefix', 'delimiter', 'max-keys', 'start-after', 'continuation-token'],
  },
  { action: 'ListBucket', methods: ['HEAD'], key: false, needs: [], takes: [] },
  { action: 'PutObject', methods: ['PUT'], key: true, needs: ['uploadid', 'partnumber'], takes: [] },
  { action: 'PutObject', methods: ['POST'], key: true, needs: ['uploads'], takes: [] },
  { action: 'PutObject', methods: ['POST'], key: true, needs: ['uploadid'], takes: [] },
  { action: 'AbortMultipartUpload', methods: ['DELETE'], key: true, needs: ['uploadid'], takes: [] },
  { action: 'GetObject', methods: ['GET', 'HEAD'], key: true, needs: [], takes: [] },
  { action: 'PutObject', methods: ['PUT'], key: true, needs: [], takes: [] },
  { action: 'DeleteObject', methods: ['DELETE'], key: true, needs: [], takes: [] },
];

/** A presigned URL past its time; the emulator itself does not look. */
export function isExpired({ query }: S3Target, nowMs: number): boolean {
  const date = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('X-Amz-Date') ?? '');
  const seconds = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  if (date === null || Number.isNaN(seconds)) return false;
  const [, year, month, day, hour, minute, second] = date.map(Number);
  const signed = Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0);
  return nowMs > signed + seconds * 1000;
}
