/** RFC 9535 JSONPath: what paths are compiled to, and their faults. */
import type { Json } from '#core/json.ts';
import { compileQuery, newEffort, stepInto, type Effort } from './json-path/evaluate.ts';
import { EACH, parsePath, plainSteps, type Step } from './json-path/parse.ts';

export { newEffort } from './json-path/evaluate.ts';
export { EACH, type Step } from './json-path/parse.ts';

/** Both throw `BoundPassed` where a document asks for too much; paths that share an effort share what is too much. */
export interface JsonPath {
  /** The values at the path, in the order of the RFC. */
  all(root: Json, effort?: Effort): Json[];
  /** The first of them; undefined when there is none. */
  first(root: Json, effort?: Effort): Json | undefined;
}

/** Throws where `jsonPathFault` finds a fault. */
export function compileJsonPath(path: string): JsonPath {
  const query = parsePath(path);
  const steps = plainSteps(query);
  const find = steps === undefined ? compileQuery(query) : (root: Json) => stepped(root, steps);
  const all = (root: Json, effort = newEffort()): Json[] => find(root, effort);
  return { all, first: (root, effort) => all(root, effort)[0] };
}

/** A path as steps when it has names, indices and wildcards alone. Throws where `jsonPathFault` finds a fault. */
export const stepsOf = (path: string): Step[] | undefined => plainSteps(parsePath(path));

/** Nearly every path of a field, and it runs for each record; it looks at nothing twice, so nobody counts. */
function stepped(root: Json, steps: Step[]): Json[] {
  let values = [root];
  for (const step of steps) {
    const next: Json[] = [];
    for (const value of values) {
      if (step === EACH) {
        if (value !== null && typeof value === 'object') for (const child of Object.values(value)) next.push(child);
      } else {
        const child = stepInto(value, step);
        if (child !== undefined) next.push(child);
      }
    }
    values = next;
  }
  return values;
}

/** Why a path cannot be used, for people; undefined when it can. */
export function jsonPathFault(path: string): string | undefined {
  try {
    parsePath(path);
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message;
  }
}
