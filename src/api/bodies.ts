/** The bodies that requests may carry. */
import { z } from 'zod';
import type { TaskSpec } from '#core/task.ts';
import { fieldErrors, formatPath } from './refusals.ts';
import type { BodyReader } from './route.ts';
import { parseTask, taskSchema } from './task-schema.ts';
import { strict, whole } from './task-values.ts';

export interface TaskBody {
  task: TaskSpec;
  warnings: string[];
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

const inlineSchema = strict({ task: taskSchema });
const inlineEnvelope = strict({ task: z.unknown().optional() });
/** `{task: {…}}`. */
export const inlineRunBody: BodyReader<TaskBody> = {
  schema: inlineSchema,
  required: true,
  yaml: true,
  example: { task: TASK_EXAMPLE },
  read: (input) => {
    const envelope = inlineEnvelope.safeParse(input);
    const outer = envelope.success ? [] : fieldErrors(envelope.error.issues, input);
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return { ok: false, errors: outer };
    const inner = readTask((input as { task?: unknown }).task);
    if (inner.ok) return outer.length > 0 ? { ok: false, errors: outer } : inner;
    const errors = inner.errors.map(({ path, message }) => ({ path: below('task', path), message }));
    return { ok: false, errors: [...outer, ...errors] };
  },
};

export const rollbackBody = bodyOf(strict({ version: whole(1, 99_999_999) }), { example: { version: 1 } });
/** No body, or an empty object. */
export const emptyBody = bodyOf(strict({}), { required: false });

function readTask(input: unknown): ReturnType<BodyReader<TaskBody>['read']> {
  const parsed = parseTask(input);
  return parsed.ok ? { ok: true, value: { task: parsed.task, warnings: parsed.warnings } } : parsed;
}

const below = (parent: string, path: string): string =>
  path === '' || path.startsWith('[') ? formatPath([parent]) + path : `${parent}.${path}`;

function bodyOf<T>(schema: z.ZodType<T>, options: { required?: boolean; example?: unknown }): BodyReader<T> {
  return {
    schema,
    required: options.required ?? true,
    yaml: false,
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
