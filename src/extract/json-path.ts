/** RFC 9535 JSONPath: compiled queries, and the faults of a query that the grammar alone does not show. */
import { query } from 'jsonpath-rfc9535';
import parse, { type JsonPathQuery } from 'jsonpath-rfc9535/parser';
import type { Json } from '#core/json.ts';

export interface JsonPath {
  /** The values at the path, in the order of the RFC. */
  all(root: Json): Json[];
  /** The first of them; undefined when there is none. */
  first(root: Json): Json | undefined;
}

/** Throws where `jsonPathFault` finds a fault. */
export function compileJsonPath(path: string): JsonPath {
  const steps = plainSteps(parse(path));
  const all = steps === undefined ? (root: Json): Json[] => query(root, path) : (root: Json) => stepped(root, steps);
  return { all, first: (root) => all(root)[0] };
}

/** Every child. */
export const EACH = Symbol('each');
export type Step = string | number | typeof EACH;

/** A path as steps, as `plainSteps` has them. Throws where `jsonPathFault` finds a fault. */
export const stepsOf = (path: string): Step[] | undefined => plainSteps(parse(path));

/** The path as plain steps when it has names, indices and wildcards alone: nearly every path of a field, and it runs for each record. */
function plainSteps({ segments }: JsonPathQuery): Step[] | undefined {
  const steps: Step[] = [];
  for (const { type, node } of segments) {
    if (type !== 'ChildSegment') return undefined;
    if (node.type === 'WildcardSelector') steps.push(EACH);
    else if (node.type === 'MemberNameShorthand') steps.push(node.value);
    else {
      const [only, second] = node.selectors;
      if (second !== undefined) return undefined;
      if (only?.type === 'WildcardSelector') steps.push(EACH);
      else if (only?.type === 'NameSelector' || only?.type === 'IndexSelector') steps.push(only.value);
      else return undefined;
    }
  }
  return steps;
}

const isSingular = (path: JsonPathQuery): boolean => plainSteps(path)?.includes(EACH) === false;

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

function stepInto(value: Json, step: string | number): Json | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return typeof step === 'number' ? value.at(step) : undefined;
  return typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** Why a path cannot be used, for people; undefined when it can. */
export function jsonPathFault(path: string): string | undefined {
  if (!path.startsWith('$')) return 'a path starts with $';
  try {
    return typeFault(parse(path));
  } catch (error) {
    const offset = (error as { location?: { start?: { offset?: number } } }).location?.start?.offset;
    if (offset === undefined) throw error;
    const found = path.charAt(offset);
    return found === ''
      ? 'it ends too early'
      : `unexpected ${JSON.stringify(found)} at character ${String(offset + 1)}`;
  }
}

/** The syntax tree as it is walked here: the library's nodes, by their `type`. */
type Node = { type?: unknown; [part: string]: unknown };
type Kind = 'value' | 'nodes' | 'logical';
const FUNCTIONS = new Map<unknown, { takes: Kind[]; gives: Kind }>([
  ['length', { takes: ['value'], gives: 'value' }],
  ['count', { takes: ['nodes'], gives: 'value' }],
  ['value', { takes: ['nodes'], gives: 'value' }],
  ['match', { takes: ['value', 'value'], gives: 'logical' }],
  ['search', { takes: ['value', 'value'], gives: 'logical' }],
]);

/** What RFC 9535 demands beyond its grammar: well-typed functions (§2.4.3) and integers that are exact (§2.1). */
function typeFault(node: Node): string | undefined {
  const own = ownFault(node);
  if (own !== undefined) return own;
  for (const part of Object.values(node)) {
    for (const child of Array.isArray(part) ? (part as unknown[]) : [part]) {
      const fault = isNode(child) ? typeFault(child) : undefined;
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

function ownFault(node: Node): string | undefined {
  switch (node.type) {
    case 'IndexSelector':
      return integerFault(node.value);
    case 'SliceSelector':
      return integerFault(node.start) ?? integerFault(node.end) ?? integerFault(node.step);
    case 'FunctionExpr':
      return argumentFault(node);
    case 'TestExpr':
      return usageFault(node.expression, 'value', 'has to be compared with something');
    case 'ComparisonExpr':
      return (
        usageFault(node.left, 'logical', 'cannot be compared') ??
        usageFault(node.right, 'logical', 'cannot be compared')
      );
    default:
      return undefined;
  }
}

const integerFault = (value: unknown): string | undefined =>
  typeof value === 'number' && !Number.isSafeInteger(value) ? `${String(value)} is outside ±(2^53−1)` : undefined;

function usageFault(node: unknown, refused: Kind, why: string): string | undefined {
  if (!isNode(node) || node.type !== 'FunctionExpr') return undefined;
  return FUNCTIONS.get(node.name)?.gives === refused ? `${String(node.name)}() ${why}` : undefined;
}

function argumentFault({ name, arguments: given }: Node): string | undefined {
  const signature = FUNCTIONS.get(name);
  if (signature === undefined) return `there is no function ${String(name)}()`;
  const args = Array.isArray(given) ? (given as unknown[]) : [];
  const { takes } = signature;
  if (args.length !== takes.length)
    return `${String(name)}() takes ${String(takes.length)} argument(s), not ${String(args.length)}`;
  const wrong = takes.findIndex((kind, i) => !fits(kind, args[i]));
  if (wrong === -1) return undefined;
  const wanted = takes[wrong] === 'nodes' ? 'a query' : 'a literal, a query for a single value or a function';
  return `argument ${String(wrong + 1)} of ${String(name)}() has to be ${wanted}`;
}

function fits(kind: Kind, argument: unknown): boolean {
  if (!isNode(argument)) return false;
  if (argument.type === 'FilterQuery') {
    return kind === 'nodes' || isSingular(argument.value as JsonPathQuery);
  }
  if (kind === 'nodes') return false;
  return (
    argument.type === 'Literal' || (argument.type === 'FunctionExpr' && FUNCTIONS.get(argument.name)?.gives === 'value')
  );
}
