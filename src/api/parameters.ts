/** Names in paths and queries, for dispatch and the OpenAPI document alike. */
import * as z from 'zod';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, URL_CHARS_MAX } from '#core/limits.ts';
import { isDay, isHost, isKeyId, isRunId, isSecretName, isTaskId, isTenantId } from '#core/names.ts';
import { HOST_SCOPES, type PageRequest } from '#core/operations.ts';
import { METHODS, bounded, oneOf, text, whole } from './task-values.ts';

interface PathParameter {
  description: string;
  /** An id that cannot exist is answered like one that does not: 404. */
  holds: (value: string) => boolean;
  /** What it is an id of, where its name does not say. */
  noun?: string;
  example: string;
}
export const PATH_PARAMETERS: Record<string, PathParameter> = {
  host: { description: 'Host name, with the port where it is not the usual one', holds: isHost, example: 'a.example' },
  taskId: { description: 'Id of a task', holds: isTaskId, example: 'python-docs' },
  runId: { description: 'Id of a run', holds: isRunId, example: '01k2m3n4p5q6r7s8t9v0w1x2y3' },
  tenantId: { description: 'Id of a tenant', holds: isTenantId, example: 'acme' },
  secretName: { description: 'Name of a secret', holds: isSecretName, noun: 'secret', example: 'api-token' },
  keyId: { description: 'Id of an API key, which is not the key', holds: isKeyId, example: '1f0c9e5b7a3d' },
};

/** Query values are text; only plain digits become a number, so that `0x10` and ` 5` are refused as they are. */
const digits = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;

const limit = z
  .preprocess(digits, whole(1, PAGE_LIMIT_MAX))
  .default(PAGE_LIMIT_DEFAULT)
  .meta({ description: 'Rows in a page', default: PAGE_LIMIT_DEFAULT });
const cursor = bounded('a cursor as a page gave it', 4_096)
  .exactOptional()
  .meta({ description: 'nextCursor of a page' });

export const pageShape = { limit, cursor };
export const taskIdFilter = text('a task id', isTaskId)
  .exactOptional()
  .meta({ description: 'Only those of this task' });
export const alertStateFilter = oneOf(['raised', 'resolved'])
  .exactOptional()
  .meta({ description: 'Only alerts in this state' });
export const runIdFilter = text('a run id', isRunId).exactOptional().meta({ description: 'Only those of this run' });

export const hostScope = oneOf(HOST_SCOPES)
  .exactOptional()
  .meta({
    description:
      "tenant: holds for this tenant's requests; everyone: for all tenants of the region, which needs an admin key of an " +
      'operator. Default: everyone where the key may say so, else tenant',
  });

/** Not necessarily a good URL: a list may name what is none, and that has its story too. */
export const targetUrl = bounded(`a URL of at most ${String(URL_CHARS_MAX)} characters`, URL_CHARS_MAX).meta({
  description: 'The target, in any spelling that has the same canonical form',
});
export const targetMethod = oneOf(METHODS)
  .exactOptional()
  .meta({ description: 'Of the target; absent: GET', default: 'GET' });

/** UTC. */
export const dayFilter = (description: string) =>
  text('a day like "2026-11-26"', isDay).exactOptional().meta({ format: 'date', description });

export const DEAD_LETTER_ID = bounded('an id of a dead letter', 1_024);

/** The page a query asks for, as operations take it. */
export const pageRequest = (query: { limit: number; cursor?: string }): PageRequest =>
  query.cursor === undefined ? { limit: query.limit } : { limit: query.limit, cursor: query.cursor };
