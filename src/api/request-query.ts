/** Query parameters by a route's schema: unknown and repeated ones are refused by name. */
import { fieldErrors, formatPath } from './refusals.ts';
import type { FieldError } from './refusals.ts';
import type { HttpRequest } from './http.ts';
import { validation } from './problems.ts';
import type { Read } from './request-body.ts';
import type { Route } from './route.ts';
import { strict } from './task-values.ts';

const NO_QUERY = strict({});

export function readQuery(query: HttpRequest['query'], schema: Route['query']): Read<unknown> {
  const values = new Map<string, string[]>();
  const pairs =
    query instanceof URLSearchParams ? [...query].map(([name, v]) => [name, [v]] as const) : Object.entries(query);
  for (const [name, more] of pairs) values.set(name, [...(values.get(name) ?? []), ...more]);

  const repeated: FieldError[] = [...values]
    .filter(([, given]) => given.length > 1)
    .map(([name, given]) => ({
      path: formatPath(['query', name]),
      message: `expected one value, got ${String(given.length)}`,
    }));
  if (repeated.length > 0) return { ok: false, problem: validation(repeated) };

  const input = Object.fromEntries(
    [...values].flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value]])),
  );
  const parsed = (schema ?? NO_QUERY).safeParse(input);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, problem: validation(fieldErrors(parsed.error.issues, input, ['query'])) };
}
