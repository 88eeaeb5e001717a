/** The schemas of the bodies that requests may carry, by the names that the OpenAPI document gives them. Loaded with the first body. */
import * as z from 'zod';
import { PAGE_LIMIT_MAX, SECRET_CHARS_MAX } from '#core/limits.ts';
import { OVERLAPS } from '#core/operations.ts';
import { configSchema } from './config-schema.ts';
import { DEAD_LETTER_ID, hostScope, targetUrl } from './parameters.ts';
import { taskSchema } from './task-schema.ts';
import { bounded, decimal, flag, list, oneOf, strict, whole } from './task-values.ts';
import { createKeySchema, createTenantSchema, rotateKeySchema, tenantSettingsSchema } from './tenant-schemas.ts';

const overlap = oneOf(OVERLAPS)
  .exactOptional()
  .meta({
    description:
      'While another run of the task is not over: skip = refuse with 409, queue = wait for it, allow = run beside it. ' +
      'Default: the schedule.overlap of the task, allow where it has no schedule',
  });

/** What may stand in a header (RFC 9110 §5.5): no space at either end, which servers would drop. */
const SECRET = `1 to ${String(SECRET_CHARS_MAX)} printable ASCII characters without a space at either end`;

/** What clients send: defaults are optional. */
export const BODIES = {
  TaskDocument: taskSchema,
  StartRun: strict({ overlap }),
  InlineRun: strict({ task: taskSchema, overlap }),
  TaskDraft: strict({ task: taskSchema, url: targetUrl.exactOptional() }),
  Rollback: strict({ version: whole(1, 99_999_999) }),
  ConfigDocument: configSchema,
  ConfigRollback: strict({ version: whole(0, 99_999_999) }),
  RedriveDeadLetters: strict({
    ids: list(DEAD_LETTER_ID, 1, PAGE_LIMIT_MAX)
      .exactOptional()
      .meta({ description: `Absent: all of the tenant's, up to ${String(PAGE_LIMIT_MAX)} at a time` }),
  }),
  HostWord: strict({
    requestsPerSecond: decimal(0.001, 100_000).exactOptional().meta({ description: 'At most this many' }),
    stop: flag.exactOptional().meta({ description: 'true: nothing leaves until it is taken back' }),
    scope: hostScope,
  }).refine(({ requestsPerSecond, stop }) => requestsPerSecond !== undefined || stop === true, {
    error: '!expected requestsPerSecond, or stop: true',
  }),
  SecretValue: strict({
    value: bounded(SECRET, SECRET_CHARS_MAX)
      .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, { error: SECRET })
      .meta({ description: 'Sent as the value of the headers that name the secret; never shown' }),
  }),
  CreateTenant: createTenantSchema,
  TenantSettings: tenantSettingsSchema,
  CreateKey: createKeySchema,
  RotateKey: rotateKeySchema,
  Nothing: strict({}),
} satisfies Record<string, z.ZodType>;
export type BodyName = keyof typeof BODIES;
export type BodyOf<N extends BodyName> = z.output<(typeof BODIES)[N]>;

/** The same documents around a task that is judged by itself. */
export const ENVELOPES = {
  InlineRun: strict({ task: z.unknown().optional(), overlap }),
  TaskDraft: strict({ task: z.unknown().optional(), url: targetUrl.exactOptional() }),
};
export type EnvelopeOf<N extends keyof typeof ENVELOPES> = z.output<(typeof ENVELOPES)[N]>;
