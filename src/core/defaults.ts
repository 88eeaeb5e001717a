/**
 * What a tenant sets once for all its tasks. A run takes the defaults that hold when it starts and notes their version:
 * from then on it means the same, whatever the tenant changes. A field that the task names itself is never touched.
 */
import type { AlertsSpec, FetchSpec, LimitsSpec, PaceSpec, RetrySpec, TaskSpec } from './task.ts';

export interface Defaults {
  fetch?: Partial<FetchSpec>;
  pace?: Partial<PaceSpec>;
  retry?: Partial<RetrySpec>;
  limits?: Partial<LimitsSpec>;
  alerts?: Partial<AlertsSpec>;
  priority?: TaskSpec['priority'];
}

/** The parts of a task that a configuration may fill, field by field. */
export const DEFAULT_SECTIONS = ['fetch', 'pace', 'retry', 'limits', 'alerts'] as const;
/** Header by header: a default is added unless the task has a header of that name. */
const MAPS = new Set(['headers', 'secretHeaders']);

type Doc = Record<string, unknown>;
const isDoc = (value: unknown): value is Doc => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What of those parts a task document names itself: `fetch.timeoutSeconds`, `priority`. */
export function givenOf(document: unknown): string[] {
  if (!isDoc(document)) return [];
  const named = DEFAULT_SECTIONS.flatMap((section) => {
    const part = document[section];
    return isDoc(part) ? Object.keys(part).map((field) => `${section}.${field}`) : [];
  });
  return document.priority === undefined ? named : [...named, 'priority'];
}

/** @param given as `givenOf` told when the version was stored; undefined = a version from before, which names everything. */
export function withDefaults(task: TaskSpec, given: readonly string[] | undefined, defaults: Defaults): TaskSpec {
  if (given === undefined) return task;
  const own = new Set(given);
  const filled: Doc = { ...task };
  for (const section of DEFAULT_SECTIONS) {
    const wanted = defaults[section];
    if (wanted === undefined) continue;
    const part: Doc = { ...(task[section] ?? (section === 'alerts' ? { notify: [] } : {})) };
    for (const [field, value] of Object.entries(wanted)) {
      if (MAPS.has(field)) part[field] = merged(part[field], value);
      else if (!own.has(`${section}.${field}`)) part[field] = value;
    }
    filled[section] = part;
  }
  if (defaults.priority !== undefined && !own.has('priority')) filled.priority = defaults.priority;
  return filled as unknown as TaskSpec;
}

function merged(own: unknown, added: unknown): Doc {
  const [mine, more] = [isDoc(own) ? own : {}, isDoc(added) ? added : {}];
  const names = new Set(Object.keys(mine).map((name) => name.toLowerCase()));
  return { ...Object.fromEntries(Object.entries(more).filter(([name]) => !names.has(name.toLowerCase()))), ...mine };
}

export interface Difference {
  path: string;
  from?: unknown;
  to?: unknown;
}

/** What one configuration says otherwise than another, by path; lists are compared as a whole. */
export function differences(from: object, to: object): Difference[] {
  const [before, after] = [leaves(from), leaves(to)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths
    .filter((path) => JSON.stringify(before.get(path)) !== JSON.stringify(after.get(path)))
    .map((path) => ({
      path,
      ...(before.has(path) && { from: before.get(path) }),
      ...(after.has(path) && { to: after.get(path) }),
    }));
}

function leaves(value: object, prefix = ''): Map<string, unknown> {
  return new Map(
    Object.entries(value).flatMap(([name, inner]): [string, unknown][] => {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      return isDoc(inner) ? [...leaves(inner, path)] : [[path, inner]];
    }),
  );
}
