/**
 * The meaning of a task document after validation: every default is filled in, nothing is unknown.
 * The schema that produces it from what a user sends lives in `src/api`; a type test there holds the two together.
 */
import type { Json } from './json.ts';

/** One request as a user writes it inline or in an NDJSON list. A bare string in `urls` means `{url}`. */
export interface RequestSpec {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** `{page: {from: 1, to: 5000, step: 1, pad: 0}}`: inclusive bounds, `pad` = minimal digits. */
export interface RangeVariable {
  from: number;
  to: number;
  step: number;
  pad: number;
}

export type CrawlScope = 'host' | 'domain' | 'prefix' | 'any';

export interface CrawlSpec {
  seeds: string[];
  /** 0 = the seeds alone. */
  depth: number;
  scope: CrawlScope;
  /** CSS selector (optionally with the attribute to read in brackets as CSS does: `a[href]`). */
  links: string;
  maxTargets: number;
}

/** Where the next page of a `follow` source is named. */
export type NextRule = { json: string } | { css: string } | { header: 'link' };

export interface FollowSpec {
  url: string;
  next: NextRule;
  maxPages: number;
}

/** Exactly one of the six kinds; `include`/`exclude` are globs over the canonical URL, exclude wins. */
export interface SourceSpec {
  urls?: (string | RequestSpec)[];
  /** `s3://bucket/key` or `upload:ID`; the CLI turns `file:PATH` into an upload before the API sees it. */
  list?: string;
  sitemap?: string | { robots: string };
  range?: { url: string } & { [variable: string]: RangeVariable | string };
  crawl?: CrawlSpec;
  follow?: FollowSpec;
  include?: string[];
  exclude?: string[];
}

export interface FetchSpec {
  headers: Record<string, string>;
  /** Header name → name of a tenant secret. */
  secretHeaders: Record<string, string>;
  timeoutSeconds: number;
  /** Cap of the body after decompression. */
  maxBytes: number;
  /** Redirect hops allowed. */
  redirects: number;
  robots: 'respect' | 'ignore';
  cache: 'off';
}

export type FieldType = 'text' | 'html' | 'number' | 'integer' | 'boolean' | 'date' | 'url';

/** Exactly one of `css`, `json`, `column`, `const`. */
export interface FieldSpec {
  css?: string;
  /** RFC 9535 JSONPath, relative to `each` where there is one. */
  json?: string;
  /** Column of a CSV row by its header. */
  column?: string;
  const?: Json;
  attr?: string;
  as?: FieldType;
  all?: boolean;
  /** RE2 regular expression; the first group (or the whole match) is the value. */
  match?: string;
  default?: Json;
  required?: boolean;
}

export type ExtractFormat = 'auto' | 'html' | 'json' | 'xml' | 'csv' | 'none';

export interface ExtractSpec {
  format: ExtractFormat;
  /** CSS for html and xml, JSONPath for json; one record per match. */
  each?: string;
  /** Short form (a string): CSS; `$…` = JSONPath; for csv the column's name. */
  fields: Record<string, string | FieldSpec>;
  key?: string[];
  keepBody: 'none';
}

export interface PaceSpec {
  requestsPerSecond: number;
  /** In flight per host within a run. */
  concurrency: number;
  adapt: boolean;
  /** What has one budget together: a host (when absent), all hosts of a registrable domain, or all of one address. */
  group?: 'host' | 'domain' | 'address';
}

export interface RetrySpec {
  /** Total attempts, the first included. */
  attempts: number;
  baseSeconds: number;
  maxSeconds: number;
}

export interface LimitsSpec {
  maxTargets: number;
  maxMinutes: number;
  maxRecords: number | null;
  maxCostUsd: number | null;
}

export interface ScheduleSpec {
  cron?: string;
  every?: string;
  timezone: string;
  overlap: 'skip' | 'queue' | 'allow';
  /** A run may be started this much later than it is due, so that not everything starts at the full hour. */
  jitterMinutes?: number;
}

export interface AlertsSpec {
  errorRate?: number;
  minRecords?: number;
  maxMinutes?: number;
  /** The share of answers that lack what the task requires may rise by this from one run to the next. */
  missingFields?: number;
  notify: ({ webhook: string } | { email: string })[];
}

export interface TaskSpec {
  name: string;
  description?: string;
  source: SourceSpec;
  fetch: FetchSpec;
  extract: ExtractSpec;
  pace: PaceSpec;
  retry: RetrySpec;
  limits: LimitsSpec;
  output: { format: 'ndjson' };
  schedule?: ScheduleSpec;
  alerts?: AlertsSpec;
  priority: 'low' | 'normal' | 'high';
}
