/** `source` of a task: six kinds, of which `task-checks.ts` demands exactly one. */
import * as z from 'zod';
import { INLINE_URLS_MAX, URL_CHARS_MAX } from '#core/limits.ts';
import { isUploadId } from '#core/names.ts';
import type { SourceSpec } from '#core/task.ts';
import { METHODS, bounded, headers, httpUrl, list, oneOf, strict, text, whole } from './task-values.ts';

export const SOURCE_KINDS = ['urls', 'list', 'sitemap', 'range', 'crawl', 'follow'] as const;
/** Rules over canonical URLs, each tried on every target. */
const GLOBS_MAX = 1_000;
const TARGETS_MAX = 10_000_000;

/** Typed as the core types it. */
const method: z.ZodType<string> = oneOf(METHODS);
const request = strict({
  url: httpUrl,
  method: method.exactOptional(),
  headers: headers.exactOptional(),
  body: text('a string').exactOptional(),
});
const target = z.union([httpUrl, request], { error: 'a URL or an object with url, method, headers, body' });

const S3_LIST = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.{1,1024}$/s;
const isStoredList = (value: string): boolean =>
  S3_LIST.test(value) || (value.startsWith('upload:') && isUploadId(value.slice('upload:'.length)));
const LIST = 's3://bucket/key or upload:ID';
/** `file:` is the command line's: it uploads the file and names the upload instead. */
export const isFileList = (value: unknown): value is string => typeof value === 'string' && /^file:./s.test(value);
const storedList = z.string({ error: LIST }).refine(isStoredList, {
  error: ({ input }) =>
    isFileList(input) ? '!the command line uploads file: lists; the API takes upload: or s3://' : LIST,
});

const sitemap = z.union([httpUrl, strict({ robots: httpUrl })], { error: 'a URL or an object with robots' });

const variable = z.strictObject(
  {
    from: whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    to: whole(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    step: whole(1, Number.MAX_SAFE_INTEGER).default(1),
    pad: whole(0, 20).default(0),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? '!unknown field; known here: from, to, step, pad'
        : 'a variable, an object with from, to, step, pad',
  },
);
/** zod's type of a catch-all knows no exception for `url`; the values are those of the core's type. */
const range = z
  .object({ url: bounded('a URL with {placeholders}', URL_CHARS_MAX) }, { error: 'an object with url and variables' })
  .catchall(variable) as unknown as z.ZodType<NonNullable<SourceSpec['range']>>;

const crawl = strict({
  seeds: list(httpUrl, 1, INLINE_URLS_MAX),
  depth: whole(0, 99).default(3),
  scope: oneOf(['host', 'domain', 'prefix', 'any']).default('host'),
  links: bounded('a CSS selector', 1_000).default('a[href]'),
  maxTargets: whole(1, TARGETS_MAX).default(10_000),
});

const next = z.union(
  [
    strict({ json: bounded('a JSONPath', 1_000) }),
    strict({ css: bounded('a CSS selector', 1_000) }),
    strict({ header: oneOf(['link']) }),
  ],
  { error: 'exactly one of {json}, {css}, {header: link}' },
);
const follow = strict({ url: httpUrl, next, maxPages: whole(1, TARGETS_MAX).default(1_000) });

const globs = list(bounded('a glob over URLs', URL_CHARS_MAX), 0, GLOBS_MAX);

export const sourceSchema = strict({
  urls: list(target, 1, INLINE_URLS_MAX).exactOptional(),
  list: storedList.exactOptional(),
  sitemap: sitemap.exactOptional(),
  range: range.exactOptional(),
  crawl: crawl.exactOptional(),
  follow: follow.exactOptional(),
  include: globs.exactOptional(),
  exclude: globs.exactOptional(),
}).meta({ description: `Exactly one of ${SOURCE_KINDS.join(', ')}; exclude wins over include.` });
