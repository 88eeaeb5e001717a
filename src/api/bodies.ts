/** The bodies that requests may carry. */
import * as z from 'zod';
import { PAGE_LIMIT_MAX } from '#core/limits.ts';
import { OVERLAPS, type Overlap } from '#core/operations.ts';
import type { Defaults } from '#core/defaults.ts';
import type { TaskSpec } from '#core/task.ts';
import { configSchema } from './config-schema.ts';
import { fieldErrors, formatPath } from './refusals.ts';
import type { FieldError } from './refusals.ts';
import type { BodyRead, BodyReader } from './route.ts';
import { parseTask, taskSchema } from './task-schema.ts';
import { DEAD_LETTER_ID, targetUrl } from './parameters.ts';
import { list, oneOf, strict, whole } from './task-values.ts';

export interface TaskBody {
  task: TaskSpec;
  warnings: string[];
  /** What the document names itself of what the tenant's defaults may fill. */
  given: string[];
}

export const TASK_EXAMPLE = {
  name: 'quotes',
  source: { crawl: { seeds: ['https://quotes.example/'], depth: 2 } },
  extract: { each: '.quote', fields: { text: '.text', author: '.author', tags: { css: '.tag', all: true } } },
  pace: { requestsPerSecond: 2 },
};

/** A task document itself. */
export const taskBody: BodyReader<TaskBody> = {
  schema: taskSchema,
  required: true,
  yaml: true,
  example: TASK_EXAMPLE,
  read: (input) => readTask(input),
};

const overlap = oneOf(OVERLAPS)
  .exactOptional()
  .meta({
    description:
      'While another run of the task is not over: skip = refuse with 409, queue = wait for it, allow = run beside it. ' +
      'Default: the schedule.overlap of the task, allow where it has no schedule',
  });
/** `{overlap: …}`, or nothing. */
export const startRunBody = bodyOf(strict({ overlap }), { required: false, example: { overlap: 'queue' } });

const inlineSchema = strict({ task: taskSchema, overlap });
const inlineEnvelope = strict({ task: z.unknown().optional(), overlap });
/** `{task: {…}, overlap: …}`. */
export const inlineRunBody: BodyReader<TaskBody & { overlap?: Overlap }> = {
  schema: inlineSchema,
  required: true,
  yaml: true,
  example: { task: TASK_EXAMPLE },
  read: async (input) => {
    const read = await readEnvelope(inlineEnvelope, input);
    if (!read.ok) return read;
    const { overlap: given } = read.outer;
    return { ok: true, value: { ...read.task, ...(given === undefined ? {} : { overlap: given }) } };
  },
};

const previewSchema = strict({ task: taskSchema, url: targetUrl.exactOptional() });
const previewEnvelope = strict({ task: z.unknown().optional(), url: targetUrl.exactOptional() });
/** `{task: {…}, url: …}`. */
export const previewBody: BodyReader<TaskBody & { url?: string }> = {
  schema: previewSchema,
  required: true,
  yaml: true,
  example: { task: TASK_EXAMPLE, url: 'https://quotes.example/page/1' },
  read: async (input) => {
    const read = await readEnvelope(previewEnvelope, input);
    if (!read.ok) return read;
    const { url } = read.outer;
    return { ok: true, value: { ...read.task, ...(url === undefined ? {} : { url }) } };
  },
};

/** A document that holds a task below `task`: all that is wrong with either. */
async function readEnvelope<T>(
  envelope: z.ZodType<T>,
  input: unknown,
): Promise<{ ok: true; outer: T; task: TaskBody } | { ok: false; errors: FieldError[] }> {
  const outer = envelope.safeParse(input);
  const errors = outer.success ? [] : fieldErrors(outer.error.issues, input);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { ok: false, errors };
  const inner = await readTask((input as { task?: unknown }).task);
  if (inner.ok && outer.success) return { ok: true, outer: outer.data, task: inner.value };
  const below = inner.ok ? [] : inner.errors.map(({ path, message }) => ({ path: under('task', path), message }));
  return { ok: false, errors: [...errors, ...below] };
}

/** A tenant's defaults. */
export const configBody = bodyOf<Defaults>(configSchema, { example: { pace: { requestsPerSecond: 2 } }, yaml: true });
export const configRollbackBody = bodyOf(strict({ version: whole(0, 99_999_999) }), { example: { version: 1 } });
export const rollbackBody = bodyOf(strict({ version: whole(1, 99_999_999) }), { example: { version: 1 } });
/** `{ids: […]}`, or nothing for all. What a page can show can be sent back at once. */
export const deadLettersBody = bodyOf(
  strict({
    ids: list(DEAD_LETTER_ID, 1, PAGE_LIMIT_MAX)
      .exactOptional()
      .meta({ description: `Absent: all of the tenant's, up to ${String(PAGE_LIMIT_MAX)} at a time` }),
  }),
  { required: false },
);
/** No body, or an empty object. */
export const emptyBody = bodyOf(strict({}), { required: false });

/** What judges selectors and patterns is large, and most requests bring none. */
async function readTask(input: unknown): Promise<BodyRead<TaskBody>> {
  const { checkExtract } = await import('#extract/check.ts');
  const parsed = parseTask(input, { check: checkExtract });
  return parsed.ok
    ? { ok: true, value: { task: parsed.task, warnings: parsed.warnings, given: parsed.given } }
    : parsed;
}

const under = (parent: string, path: string): string =>
  path === '' || path.startsWith('[') ? formatPath([parent]) + path : `${parent}.${path}`;

export function bodyOf<T>(
  schema: z.ZodType<T>,
  options: { required?: boolean; example?: unknown; yaml?: boolean },
): BodyReader<T> {
  return {
    schema,
    required: options.required ?? true,
    yaml: options.yaml ?? false,
    ...(options.example === undefined ? {} : { example: options.example }),
    read: (input) => {
      const value = input === undefined && options.required === false ? {} : input;
      const parsed = schema.safeParse(value);
      return parsed.success
        ? { ok: true, value: parsed.data }
        : { ok: false, errors: fieldErrors(parsed.error.issues, value) };
    },
  };
}
