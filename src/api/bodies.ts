/** The bodies that requests may carry. What judges them is loaded with the first: most requests bring none. */
import type { TaskSpec } from '#core/task.ts';
import type { BodyName, BodyOf, EnvelopeOf } from './body-schemas.ts';
import { fieldErrors, formatPath } from './refusals.ts';
import type { BodyRead, BodyReader } from './route.ts';

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
  schema: 'TaskDocument',
  required: true,
  yaml: true,
  example: TASK_EXAMPLE,
  read: (input) => readTask(input),
};

/** `{overlap: …}`, or nothing. */
export const startRunBody = bodyOf('StartRun', { required: false, example: { overlap: 'queue' } });
/** `{task: {…}, overlap: …}`. */
export const inlineRunBody = aroundTask('InlineRun', { task: TASK_EXAMPLE });
/** `{task: {…}, url: …}`. */
export const previewBody = aroundTask('TaskDraft', { task: TASK_EXAMPLE, url: 'https://quotes.example/page/1' });

/** A document that holds a task below `task`: all that is wrong with either. */
function aroundTask<N extends 'InlineRun' | 'TaskDraft'>(
  schema: N,
  example: unknown,
): BodyReader<TaskBody & Omit<EnvelopeOf<N>, 'task'>> {
  return {
    schema,
    required: true,
    yaml: true,
    example,
    read: async (input) => {
      const { ENVELOPES } = await import('./body-schemas.ts');
      const outer = ENVELOPES[schema].safeParse(input);
      const errors = outer.success ? [] : fieldErrors(outer.error.issues, input);
      if (typeof input !== 'object' || input === null || Array.isArray(input)) return { ok: false, errors };
      const inner = await readTask((input as { task?: unknown }).task);
      if (inner.ok && outer.success) {
        const { task: _, ...rest } = outer.data as EnvelopeOf<N>;
        return { ok: true, value: { ...inner.value, ...rest } };
      }
      const below = inner.ok ? [] : inner.errors.map(({ path, message }) => ({ path: under('task', path), message }));
      return { ok: false, errors: [...errors, ...below] };
    },
  };
}

/** A tenant's defaults. */
export const configBody = bodyOf('ConfigDocument', { example: { pace: { requestsPerSecond: 2 } }, yaml: true });
export const configRollbackBody = bodyOf('ConfigRollback', { example: { version: 1 } });
export const rollbackBody = bodyOf('Rollback', { example: { version: 1 } });
/** `{ids: […]}`, or nothing for all. What a page can show can be sent back at once. */
export const deadLettersBody = bodyOf('RedriveDeadLetters', { required: false });
export const hostBody = bodyOf('HostWord', { example: { requestsPerSecond: 2 } });
export const secretBody = bodyOf('SecretValue', { example: { value: 'Bearer token' } });
export const tenantSettingsBody = bodyOf('TenantSettings', { example: { quotas: { targetsPerDay: 100_000 } } });
export const createTenantBody = bodyOf('CreateTenant', { example: { id: 'acme' } });
export const createKeyBody = bodyOf('CreateKey', { example: { name: 'nightly job', scopes: ['write'] } });
export const rotateKeyBody = bodyOf('RotateKey', { required: false, example: { overlapSeconds: 3600 } });
/** No body, or an empty object. */
export const emptyBody = bodyOf('Nothing', { required: false });

/** What judges selectors and patterns is large, and most bodies bring none. */
async function readTask(input: unknown): Promise<BodyRead<TaskBody>> {
  const [{ checkExtract }, { parseTask }] = await Promise.all([
    import('#extract/check.ts'),
    import('./task-schema.ts'),
  ]);
  const parsed = parseTask(input, { check: checkExtract });
  return parsed.ok
    ? { ok: true, value: { task: parsed.task, warnings: parsed.warnings, given: parsed.given } }
    : parsed;
}

function under(parent: string, path: string): string {
  return path === '' || path.startsWith('[') ? formatPath([parent]) + path : `${parent}.${path}`;
}

function bodyOf<N extends BodyName>(
  schema: N,
  options: { required?: boolean; example?: unknown; yaml?: boolean },
): BodyReader<BodyOf<N>> {
  return {
    schema,
    required: options.required ?? true,
    yaml: options.yaml ?? false,
    ...(options.example === undefined ? {} : { example: options.example }),
    read: async (input) => {
      const { BODIES } = await import('./body-schemas.ts');
      const value = input === undefined && options.required === false ? {} : input;
      const parsed = BODIES[schema].safeParse(value);
      return parsed.success
        ? { ok: true, value: parsed.data as BodyOf<N> }
        : { ok: false, errors: fieldErrors(parsed.error.issues, value) };
    },
  };
}
