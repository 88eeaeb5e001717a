/**
 * What the API answers, as schemas: the OpenAPI document is made of them and the tests hold every answer to them.
 * A type test keeps them and the views of `core/operations.ts` mutually assignable. Answers are not validated at run
 * time: they come from our own code, and a page may hold a thousand rows.
 */
import * as z from 'zod';
import { RULES } from '#core/alerts/rules.ts';
import { BUCKETS, FAIL_REASONS } from '#core/ledger.ts';
import type { EndBucket } from '#core/ledger.ts';
import { SCOPES } from '#core/operations.ts';
import { PERMISSIONS, QUOTAS } from '#core/quotas.ts';
import { HOST_WHYS } from '#core/pace/explain.ts';
import { RUN_STATES } from '#core/run.ts';
import { SHARD_STATES } from '#core/shard.ts';
import { configSchema } from './config-schema.ts';
import { taskSchema } from './task-schema.ts';
import { json } from './task-values.ts';

const count = z.int().min(0);
/** Not `z.iso.datetime`: years beyond 9999 do not occur and the type is a plain string either way. */
const instant = z.string().meta({ format: 'date-time', description: 'RFC 3339, UTC' });
const link = z.string().meta({ format: 'uri' });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const jsonObject = z.record(z.string(), json);
const bucketCounts = z.partialRecord(z.enum(BUCKETS), count);
const END_BUCKETS = BUCKETS.filter((bucket): bucket is EndBucket => bucket !== 'pending');

export const alertViewSchema = z.object({
  id: z.string(),
  taskId: z.string(),
  rule: z.enum(RULES),
  state: z.enum(['raised', 'resolved']),
  raisedAt: instant,
  resolvedAt: instant.exactOptional(),
  runId: z.string().meta({ description: 'The run that raised it' }).exactOptional(),
  resolvedBy: z.string().meta({ description: 'The run that resolved it' }).exactOptional(),
  value: z.number().meta({ description: 'What was found' }),
  limit: z.number().meta({ description: 'What the task wants' }),
  detail: z.string(),
  deliveries: z
    .array(
      z.object({
        event: z.enum(['raised', 'resolved']),
        to: z.string(),
        state: z.enum(['pending', 'delivered', 'failed']),
        attempts: count,
        lastAt: instant.exactOptional(),
        nextAt: instant.exactOptional(),
        error: z.string().exactOptional(),
      }),
    )
    .meta({ description: 'To webhooks' }),
});
export const webhookSecretSchema = z.object({
  secret: z.string().meta({ description: 'whsec_ and the key in Base64, as Standard Webhooks has it' }),
  rotatedAt: instant.exactOptional(),
  previous: z.string().meta({ description: 'Signs beside the new one' }).exactOptional(),
  previousUntil: instant.exactOptional(),
});

const scheduleViewSchema = z
  .object({
    nextRuns: z.array(instant).meta({ description: 'When it is due next' }),
    inPlace: z.boolean().meta({ description: 'False for the moments after a change' }),
    last: z
      .object({
        at: instant,
        what: z.enum(['started', 'skipped', 'refused']),
        runId: z.string().exactOptional(),
        detail: z.string().exactOptional(),
      })
      .meta({
        description: 'The due time last seen to; skipped = another run was going on, refused = it could not be started',
      })
      .exactOptional(),
    missed: count.meta({
      description: 'Due runs that could not be started within the hour, since the schedule was put up',
    }),
    lastMissedAt: instant.exactOptional(),
  })
  .meta({ description: 'Of a task with a schedule, as things stand: not part of the version that etag is of' });

export const taskViewSchema = z.object({
  id: z.string(),
  version: z.int().min(1),
  etag: z.string().meta({ description: 'Strong validator of this version, as in the ETag header' }),
  createdAt: instant,
  updatedAt: instant,
  task: taskSchema,
  warnings: z
    .array(z.string())
    .meta({ description: 'What was accepted but is not acted upon by this release' })
    .exactOptional(),
  schedule: scheduleViewSchema.exactOptional(),
});

export const taskVersionSchema = z.object({ version: z.int().min(1), createdAt: instant, task: taskSchema });

const progressSchema = z
  .object({
    discovered: count,
    pending: count,
    collected: count,
    unmodified: count,
    duplicate: count,
    excluded: count,
    disallowed: count,
    overBudget: count,
    failed: count,
    cancelled: count,
    attempts: count,
    records: count,
    bytes: count,
    duplicateRecords: count
      .meta({ description: 'Records dropped because extract.key had been seen; known at the end' })
      .exactOptional(),
  })
  .meta({ description: 'discovered = the sum of the buckets, at every moment; at the end pending = 0' });

const runHeadShape = {
  taskId: z.string(),
  taskVersion: z.int().min(1),
  state: z.enum(RUN_STATES),
  region: z.string(),
  createdAt: instant,
  startedAt: instant.exactOptional(),
  finishedAt: instant.exactOptional(),
};

const usd = z.number().min(0);
const costByServiceSchema = z
  .object({ lambda: usd, dynamodb: usd, s3: usd, sqs: usd, stepFunctions: usd })
  .meta({ description: 'US dollars' });

export const runViewSchema = z.object({
  id: z.string(),
  ...runHeadShape,
  stopReason: z.string().exactOptional(),
  progress: progressSchema,
  shards: z.object({ planned: count, running: count, done: count }),
  rate: z.object({ targetsPerSecond: z.number().min(0), etaSeconds: z.number().min(0).exactOptional() }),
  error: z.object({ type: z.string(), detail: z.string() }).exactOptional(),
  pausedAt: instant.meta({ description: 'While PAUSED: since when' }).exactOptional(),
  waitsFor: z
    .string()
    .meta({ description: 'While QUEUED behind another run of its task: the id of that run' })
    .exactOptional(),
  configVersion: count
    .meta({ description: "Version of the tenant's defaults that it started with; absent: there were none" })
    .exactOptional(),
  heldBy: z
    .enum(['operator', 'quota'])
    .meta({
      description: 'While it is QUEUED or PAUSED because of a switch of the operator or a quota; it goes on by itself',
    })
    .exactOptional(),
  quota: z.enum(QUOTAS).meta({ description: 'The quota that is used up, where it is one' }).exactOptional(),
  redrives: count.meta({ description: 'How often its failed targets were tried again' }).exactOptional(),
  costUsd: usd
    .meta({ description: 'Estimated from metered operations; without storage, logs and traffic' })
    .exactOptional(),
  costByService: costByServiceSchema.exactOptional(),
});

export const shardViewSchema = z.object({
  id: z.string(),
  round: count,
  state: z.enum(SHARD_STATES),
  epoch: count,
  targets: count,
  pending: count,
  counts: bucketCounts,
  attempts: count,
  records: count,
  bytes: count,
  commits: count,
  hosts: z.array(z.string()),
  claimedAt: instant.exactOptional(),
  finishedAt: instant.exactOptional(),
  resumesAt: instant.exactOptional(),
});

export const timelineEventSchema = z.object({
  at: instant,
  type: z.string(),
  detail: z.string(),
  data: jsonObject.exactOptional(),
});

const waitedMs = z.number().min(0).meta({ description: 'Milliseconds between its attempts, all in all' });
const lastFailure = z.string().meta({ description: 'What the attempt before the last one met' });
const pendingLineSchema = z.object({
  url: z.string(),
  method: z.string().exactOptional(),
  bucket: z.literal('pending'),
  attempts: count,
});
const endLineSchema = z.object({
  url: z.string(),
  method: z.string().exactOptional(),
  bodySha256: sha256.exactOptional(),
  bucket: z.enum(END_BUCKETS),
  reason: z.enum(FAIL_REASONS).exactOptional(),
  detail: z.string().exactOptional(),
  status: z.int().exactOptional(),
  attempts: count,
  waitedMs: waitedMs.exactOptional(),
  lastFailure: lastFailure.exactOptional(),
  records: count,
  at: instant,
  depth: count.exactOptional(),
  from: z.string().exactOptional(),
});
export const ledgerLineSchema = z.union([endLineSchema, pendingLineSchema]);

const lineNumber = z.int().min(1).meta({ description: 'Lines count from 1' });
export const explanationSchema = z.object({
  url: z.string().meta({ description: 'As named in the run' }),
  method: z.string().exactOptional(),
  bucket: z.enum(BUCKETS),
  reason: z.enum(FAIL_REASONS).exactOptional(),
  detail: z.string().exactOptional(),
  status: z.int().exactOptional(),
  attempts: count,
  waitedMs: waitedMs.exactOptional(),
  lastFailure: lastFailure.exactOptional(),
  records: count,
  at: instant.exactOptional(),
  nextAttemptAt: instant.meta({ description: 'While it is pending: when the next attempt is due' }).exactOptional(),
  discovered: z.object({
    by: z.enum(['source', 'link']),
    round: count,
    depth: count.exactOptional(),
    from: z.string().meta({ description: 'The page that named it' }).exactOptional(),
  }),
  shard: z
    .object({ id: z.string(), state: z.enum(SHARD_STATES), epoch: count })
    .meta({ description: 'Absent when planning itself decided' })
    .exactOptional(),
  ledger: z
    .object({ file: z.string(), line: lineNumber })
    .meta({ description: 'Where its ledger line stands' })
    .exactOptional(),
  parts: z
    .array(z.object({ file: z.string(), line: lineNumber, lines: count }))
    .meta({ description: 'Where its records stand: the first line in a file, and how many' }),
  namedAgain: count.meta({ description: 'How often the run named it again: each is a duplicate' }),
  story: z
    .array(z.object({ at: instant.exactOptional(), says: z.string() }))
    .meta({ description: 'All of it in order, as sentences' }),
});

export const deadLetterSchema = z.object({
  id: z.string(),
  kind: z.enum(['target', 'message']),
  runId: z.string(),
  shardId: z.string(),
  url: z.string().exactOptional(),
  detail: z.string(),
  at: instant,
});
export const deadLettersRedrivenSchema = z.object({
  redriven: z.array(z.string()).meta({ description: 'Ids' }),
  refused: z
    .array(z.object({ id: z.string(), detail: z.string() }))
    .meta({ description: 'Left as they were, and why' }),
});

export const configViewSchema = z.object({
  version: count.meta({ description: '0: nothing was ever configured' }),
  etag: z.string().meta({ description: 'Strong validator of this version, as in the ETag header' }),
  config: configSchema,
  updatedAt: instant.exactOptional(),
  updatedBy: z.string().meta({ description: 'Id of the key that wrote it' }).exactOptional(),
});
export const configVersionSchema = z.object({
  version: z.int().min(1),
  createdAt: instant,
  createdBy: z.string().meta({ description: 'Id of the key that wrote it' }),
  config: configSchema,
  changes: z
    .array(z.object({ path: z.string(), from: z.unknown().optional(), to: z.unknown().optional() }))
    .meta({ description: 'Against the version before; without `to` it was removed, without `from` it is new' }),
});

const usageFigures = {
  targets: count.meta({ description: 'That ended as collected or failed' }),
  records: count,
  bytes: count.meta({ description: 'Of bodies received' }),
  costUsd: usd,
  costByService: costByServiceSchema,
};
export const usageViewSchema = z.object({
  from: z.string().meta({ format: 'date' }),
  to: z.string().meta({ format: 'date' }),
  days: z.array(z.object({ day: z.string().meta({ format: 'date', description: 'UTC' }), ...usageFigures })),
  total: z.object(usageFigures),
  prices: z
    .object({ date: z.string(), region: z.string() })
    .meta({ description: 'The month and the region of the list prices that costs are estimated by' }),
});

export const recordLineSchema = z.object({
  url: z.string(),
  fetchedAt: instant,
  status: z.int(),
  finalUrl: z.string(),
  index: count,
  data: jsonObject,
});

const fileSchema = z.object({
  name: z.string(),
  bytes: count,
  sha256,
  lines: count,
  counts: bucketCounts.exactOptional(),
  url: link,
});
const base64url = z.string().regex(/^[\w-]+$/);
export const signingKeySchema = z.object({
  algorithm: z.literal('Ed25519'),
  keyId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .meta({ description: 'The first 16 hex digits of the SHA-256 of the raw key' }),
  publicKey: base64url.meta({ description: 'Raw, 32 bytes, base64url' }),
});
const signatureSchema = signingKeySchema
  .extend({ value: base64url.meta({ description: '64 bytes, base64url' }) })
  .meta({
    description:
      'Over the canonical JSON (RFC 8785) of this document without signature, urlsExpireAt and the url of each file; absent while the run lives',
  });
export const resultsViewSchema = z.object({
  version: z.literal(1),
  runId: z.string(),
  ...runHeadShape,
  totals: progressSchema,
  parts: z.array(fileSchema),
  ledger: z.array(fileSchema),
  signature: signatureSchema.exactOptional(),
  urlsExpireAt: instant,
});

export const uploadViewSchema = z.object({ id: z.string(), url: link, expiresAt: instant, list: z.string() });

const bound = (what: string) =>
  z
    .number()
    .min(0)
    .nullable()
    .meta({ description: `${what}; null = no bound` });
export const tenantViewSchema = z.object({
  id: z.string(),
  name: z.string().exactOptional(),
  permissions: z.array(z.enum(PERMISSIONS)),
  allowAddresses: z.array(z.string()),
  weight: z.number().meta({ description: 'Its share of the workers beside other tenants' }),
  quotas: z.object({
    targetsPerDay: bound('Targets planned on one day (UTC)'),
    concurrentRuns: bound('Runs under way at a time'),
    workers: bound('Shards worked at a time; null = the share that is left to one tenant'),
    storedBytes: bound('Bytes of results kept'),
    requestsPerMinute: bound('Requests to the API'),
    costUsdPerMonth: bound('Metered cost of one month (UTC), US dollars'),
  }),
  hostRequestsPerSecond: z
    .number()
    .meta({ description: 'No task of it asks a host faster, requests per second; absent = no bound of its own' })
    .exactOptional(),
  createdAt: instant,
  updatedAt: instant,
});
export const apiKeyViewSchema = z.object({
  id: z.string(),
  tenantId: z.string(),
  name: z.string().exactOptional(),
  scopes: z.array(z.enum(SCOPES)),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: instant,
  expiresAt: instant.exactOptional(),
  revokedAt: instant.exactOptional(),
  rotatedTo: z.string().meta({ description: 'Id of the key that takes its place' }).exactOptional(),
});
export const secretViewSchema = z
  .object({ name: z.string(), createdAt: instant, updatedAt: instant })
  .meta({ description: 'The value is never shown' });
export const createdKeySchema = apiKeyViewSchema.extend({
  key: z
    .string()
    .meta({ description: 'The key itself, shown this once: absent where a request is repeated' })
    .exactOptional(),
});

const rate = z.number().min(0).meta({ description: 'Requests per second' });
const hostWordSchema = z.object({ requestsPerSecond: rate.exactOptional(), stop: z.boolean() });
export const hostStatusSchema = z.object({
  host: z.string(),
  requestsPerSecond: rate.meta({ description: 'At which it is asked now; 0 = nothing leaves' }),
  limit: rate.meta({ description: 'The narrowest cap that somebody has set; absent = none' }).exactOptional(),
  limitedBy: z.string().meta({ description: 'Whose word the rate of the last reservation was' }).exactOptional(),
  waiting: count.meta({ description: 'Targets that the worker which asked last had waiting' }).exactOptional(),
  capacity: rate.meta({ description: 'What it was last seen to bear; absent = unknown' }).exactOptional(),
  why: z.enum(HOST_WHYS),
  because: z.string().meta({ description: 'One sentence' }),
  since: instant.exactOptional(),
  pausedUntil: instant.meta({ description: 'Nothing leaves before, by the word of the host' }).exactOptional(),
  accepted: count.meta({ description: 'Requests it has accepted so far, over all tenants' }),
  window: z
    .object({ sent: count, limited: count, errors: count })
    .meta({ description: 'Answers since the rate was last decided: in all, refused (429), failed' }),
  latencyMs: count.exactOptional(),
  bookedUntil: instant.meta({ description: 'Its slots are reserved until then' }).exactOptional(),
  operator: hostWordSchema.meta({ description: 'Holds for everyone' }).exactOptional(),
  tenant: hostWordSchema.meta({ description: "Holds for this tenant's requests" }).exactOptional(),
  budget: z.string().meta({ description: 'Where pace.group is not host: the record that counts' }).exactOptional(),
  seenAt: instant.exactOptional(),
  crawlDelaySeconds: z.number().min(0).meta({ description: 'What its robots.txt asks for' }).exactOptional(),
});

export const previewSchema = z.object({
  warnings: z.array(z.string()),
  page: z
    .object({ finalUrl: z.string(), status: z.int(), contentType: z.string(), bytes: count, ms: count })
    .meta({ description: 'Absent: no page was asked for, or none was got' })
    .exactOptional(),
  problem: z
    .object({ reason: z.string(), detail: z.string() })
    .meta({ description: 'Why there is no page, or why no record' })
    .exactOptional(),
  records: z.array(jsonObject).meta({ description: 'The first of those the task gives on this page' }).exactOptional(),
  candidates: z
    .array(
      z.object({
        name: z.string(),
        css: z.string().exactOptional(),
        attr: z.string().exactOptional(),
        json: z.string().exactOptional(),
        sample: z.string(),
        count,
      }),
    )
    .meta({ description: 'What on the page could be a field: selector, what it gives, how often it occurs' })
    .exactOptional(),
});

export const healthSchema = z.object({
  status: z.literal('ok'),
  version: z.string(),
  region: z.string(),
  switches: z
    .object({
      pauseNewRuns: z.boolean(),
      noBodies: z.boolean(),
      cacheOnly: z.boolean(),
      tenantsPaused: count,
      hostsPaused: count,
    })
    .meta({ description: 'What the operator has switched off; absent while that cannot be read' })
    .exactOptional(),
});

export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'A stable URN, urn:gleaner:problem:…' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string().meta({ description: 'The id of the request, also in x-request-id' }),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).exactOptional(),
  })
  .meta({ description: 'RFC 9457 problem details' });

export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().meta({ description: 'Absent on the last page' }).exactOptional(),
  });
