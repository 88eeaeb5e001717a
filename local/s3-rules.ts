import type { IncomingMessage } from 'node:http';

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
  const queries = [...target.query.keys()].map((name) => name.toLowerCase());
  const refusedHeader = [...Object.keys(headers), ...queries].find((name) => REFUSED_NAMES.has(name));
  if (refusedHeader !== undefined) return refusedHeader;
  const conditional =
    method === 'GET' || method === 'HEAD' ? undefined : CONDITIONS.find((name) => headers[name] !== undefined);
  if (conditional !== undefined) return `${conditional} on writes`;
  const form = FORMS.find(
    (f) => f.methods.includes(method) && f.key === (key !== '') && f.needs.every((q) => queries.includes(q)),
  );
  if (form === undefined) return `${method} on ${key === '' ? 'a bucket' : 'an object'}`;
  return queries.find((name) => !form.needs.includes(name) && !form.takes.includes(name) && !isSignature(name));
}

const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
/** As headers, or moved into the query by a presigner. */
const REFUSED_NAMES = new Set([
  'x-amz-copy-source', 'x-amz-tagging', 'x-amz-acl', 'x-amz-object-lock-mode', 'x-amz-object-lock-legal-hold',
  'x-amz-website-redirect-location', 'x-amz-write-offset-bytes',
]); // prettier-ignore
const isSignature = (name: string): boolean => name.startsWith('x-amz-') || name === 'x-id';

/** More demanding forms stand first. */
const FORMS: { methods: string[]; key: boolean; needs: string[]; takes: string[] }[] = [
  {
    methods: ['GET'],
    key: false,
    needs: ['list-type'],
    takes: ['prefix', 'delimiter', 'max-keys', 'start-after', 'continuation-token'],
  },
  { methods: ['HEAD'], key: false, needs: [], takes: [] },
  { methods: ['PUT'], key: true, needs: ['uploadid', 'partnumber'], takes: [] },
  { methods: ['POST'], key: true, needs: ['uploads'], takes: [] },
  { methods: ['POST'], key: true, needs: ['uploadid'], takes: [] },
  { methods: ['DELETE'], key: true, needs: ['uploadid'], takes: [] },
  { methods: ['GET', 'HEAD', 'PUT', 'DELETE'], key: true, needs: [], takes: [] },
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
