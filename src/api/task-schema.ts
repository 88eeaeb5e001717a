/**
 * The task document of CONTRACT §2: the schema the API, the command line and the OpenAPI document share.
 * A type test holds what it produces and `TaskSpec` together.
 */
import * as z from 'zod';
import { givenOf } from '#core/defaults.ts';
import { TASK_BYTES_MAX } from '#core/limits.ts';
import { isSecretName } from '#core/names.ts';
import type { ExtractSpec, NextRule, TaskSpec } from '#core/task.ts';
import { boundErrors, fieldErrors } from './refusals.ts';
import type { FieldError } from './refusals.ts';
import { crossErrors, shapeErrors } from './task-checks.ts';
import { extractSchema } from './task-extract-schema.ts';
import { isFileList, sourceSchema } from './task-source-schema.ts';
import { decimal, flag, headerName, headers, httpUrl, isCron, isInterval, isTimezone } from './task-values.ts';
import { list, oneOf, strict, text, whole } from './task-values.ts';

const secretHeaders = z
  .record(headerName, text('the name of a tenant secret', isSecretName), {
    error: 'an object of header names and secret names',
  })
  .meta({ description: 'Header name → name of a tenant secret, whose value is sent in it' });

export const fetchSchema = strict({
  headers: headers.default({}),
  secretHeaders: secretHeaders.default({}),
  timeoutSeconds: decimal(1, 120).default(30),
  maxBytes: whole(1, 50 * 1024 * 1024).default(5 * 1024 * 1024),
  redirects: whole(0, 20).default(5),
  robots: oneOf(['respect', 'ignore']).default('respect'),
  cache: oneOf(['off'], ['revalidate', 'reuse']).default('off'),
});

export const paceSchema = strict({
  requestsPerSecond: decimal(0.001, 1_000).default(5),
  concurrency: whole(1, 256).default(8),
  adapt: flag.default(true),
  group: oneOf(['host', 'domain', 'address']).exactOptional().meta({
    description: 'What shares one budget: a host, the hosts of a registrable domain, or those of one address',
    default: 'host',
  }),
});

export const retrySchema = strict({
  attempts: whole(1, 10).default(4),
  baseSeconds: decimal(0, 60).default(1),
  maxSeconds: decimal(0, 3_600).default(300),
});

export const limitsSchema = strict({
  maxTargets: whole(1, 10_000_000).default(1_000_000),
  maxMinutes: whole(1, 44_640).default(1_440),
  maxRecords: whole(1, Number.MAX_SAFE_INTEGER).nullable().default(null),
  maxCostUsd: decimal(0.0001, 1_000_000).nullable().default(null),
});

const CRON = 'a cron of five fields that matches some day, like "0 3 * * *"';
const scheduleSchema = strict({
  cron: text(CRON, isCron).exactOptional(),
  every: text('an interval like "15 minutes", "1 hour" or "2 days"', isInterval).exactOptional(),
  timezone: text('an IANA time zone like "Asia/Shanghai"', isTimezone).default('UTC'),
  overlap: oneOf(['skip', 'queue', 'allow']).default('skip'),
  jitterMinutes: whole(0, 1_440)
    .exactOptional()
    .meta({ description: 'A run may start up to this much later than it is due' }),
});

/** In the clear only on this machine, to try it out: addresses are checked again when a webhook is told. */
const webhook = httpUrl.refine((value) => /^(https:|http:\/\/(127\.0\.0\.1|localhost)[:/])/i.test(value), {
  error: 'an https URL',
});
const email = text('a mail address', (value) => value.length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value));
export const alertsSchema = strict({
  errorRate: decimal(0, 1).exactOptional(),
  minRecords: whole(0, Number.MAX_SAFE_INTEGER).exactOptional(),
  maxMinutes: whole(1, 44_640).exactOptional(),
  missingFields: decimal(0, 1).exactOptional().meta({
    description: 'Share of answers lacking what extract requires: how much it may rise from one run to the next',
  }),
  notify: list(
    z.union([strict({ webhook }), strict({ email })], { error: 'exactly one of {webhook}, {email}' }),
    0,
    20,
  ).default([]),
});

const NAME = 'a name of 1 to 63 lower-case letters, digits and hyphens that starts with a letter or digit';
export const taskSchema = strict({
  name: z.string({ error: NAME }).regex(/^[a-z0-9][a-z0-9-]{0,62}$/, { error: NAME }),
  description: z.string({ error: 'a string' }).max(2_000, { error: 'at most 2000 characters' }).exactOptional(),
  source: sourceSchema,
  fetch: fetchSchema.prefault({}),
  extract: extractSchema.prefault({ format: 'none' }),
  pace: paceSchema.prefault({}),
  retry: retrySchema.prefault({}),
  limits: limitsSchema.prefault({}),
  output: strict({ format: oneOf(['ndjson'], ['csv', 'parquet']).default('ndjson') }).prefault({}),
  schedule: scheduleSchema.exactOptional(),
  alerts: alertsSchema.exactOptional(),
  priority: oneOf(['low', 'normal', 'high']).default('normal'),
});

export type ExtractCheck = (spec: ExtractSpec, links?: string, next?: NextRule) => FieldError[];
export interface ParseOptions {
  /** The command line takes `list: file:PATH` and uploads it before the API sees the task. */
  allowFileLists?: boolean;
  /** Judges selectors: `checkExtract` of the extract room. */
  check: ExtractCheck;
}
export type ParsedTask =
  /** `given`: what the document names itself of what a tenant's defaults may fill. */
  { ok: true; task: TaskSpec; warnings: string[]; given: string[] } | { ok: false; errors: FieldError[] };

/**
 * Judges a task document and fills in its defaults. All errors come at once; nothing is thrown whatever `input` is.
 * A parsed task parses to itself.
 */
export function parseTask(input: unknown, options: ParseOptions): ParsedTask {
  const unsafe = shapeErrors(input);
  if (unsafe.length > 0) return { ok: false, errors: boundErrors(unsafe) };
  const { document, file } = options.allowFileLists === true ? setFileAside(input) : { document: input };
  const parsed = taskSchema.safeParse(document);
  const errors = parsed.success ? [] : fieldErrors(parsed.error.issues, document);
  const own = [...errors, ...crossErrors(document)];
  const selectors = selectorErrors(document, options.check);
  errors.splice(0, errors.length, ...own, ...selectors.filter(({ path }) => !own.some((error) => error.path === path)));
  if (!parsed.success || errors.length > 0) return { ok: false, errors: boundErrors(errors) };

  const task: TaskSpec = parsed.data;
  if (file !== undefined) task.source.list = file;
  const bytes = Buffer.byteLength(JSON.stringify(task));
  if (bytes > TASK_BYTES_MAX) {
    const message = `expected a document of at most ${String(TASK_BYTES_MAX)} bytes, got ${String(bytes)}; put long lists into an upload`;
    return { ok: false, errors: [{ path: '', message }] };
  }
  return { ok: true, task, warnings: warningsOf(document as Partial<TaskSpec>), given: givenOf(document) };
}

/** An upload id that no upload has: stands in for a `file:` list while the rest is judged. */
const NO_UPLOAD = `upload:${'0'.repeat(26)}`;
function setFileAside(input: unknown): { document: unknown; file?: string } {
  const { source } = (input ?? {}) as { source?: { list?: unknown } | null };
  if (typeof source !== 'object' || source === null || !isFileList(source.list)) return { document: input };
  return { document: { ...(input as object), source: { ...source, list: NO_UPLOAD } }, file: source.list };
}

/** Selectors are judged wherever the part that holds them is sound, whatever else is wrong. */
function selectorErrors(document: unknown, check: ExtractCheck): FieldError[] {
  const given = (document ?? {}) as { source?: unknown; extract?: unknown };
  const source = sourceSchema.safeParse(given.source);
  const { crawl, follow } = source.success ? source.data : {};
  return check(soundExtract(given.extract), crawl?.links, follow?.next);
}

/** What is left of `extract` without the parts that its schema refuses. */
function soundExtract(given: unknown): ExtractSpec {
  const nothing: ExtractSpec = { format: 'none', fields: {}, keepBody: 'none' };
  const parsed = extractSchema.safeParse(given ?? nothing);
  if (parsed.success) return parsed.data;
  if (typeof given !== 'object' || given === null) return nothing;
  const { key: _fieldsMayBeGone, ...rest } = given as Record<string, unknown>;
  const fields = typeof rest.fields === 'object' && rest.fields !== null ? { ...rest.fields } : {};
  const sound: Record<string, unknown> = { ...rest, fields };
  for (const issue of parsed.error.issues) {
    const [part, name] = issue.path;
    if (part === 'fields' && name !== undefined) Reflect.deleteProperty(fields, name);
    else if (part !== undefined) Reflect.deleteProperty(sound, part);
    else if (issue.code === 'unrecognized_keys') for (const key of issue.keys) Reflect.deleteProperty(sound, key);
  }
  const again = extractSchema.safeParse(sound);
  return again.success ? again.data : nothing;
}

/** What may not be acted upon, for people. */
function warningsOf(document: Partial<TaskSpec>): string[] {
  const warnings: string[] = [];
  if (document.alerts?.notify?.some((target) => 'email' in target))
    warnings.push('alerts.notify: mail is sent where the stage has a sender (mailFrom); ask its operator');
  return warnings;
}
