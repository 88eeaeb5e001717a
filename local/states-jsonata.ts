/** JSONata as Step Functions runs it: `{% … %}` strings inside any JSON, `$states` and variables, no implicit input. */
import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import type { Json, JsonObject } from '#core/json.ts';
import { isObject } from './properties.ts';

/** The States Language's name of an error, as `Retry` and `Catch` see it. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly error: string;
  override readonly cause: string;
  constructor(error: string, cause: string) {
    super(`${error}: ${cause}`);
    this.error = error;
    this.cause = cause;
  }
}

export interface Scope {
  /** `$states`. */
  states: JsonObject;
  variables: JsonObject;
}

const EXPRESSION = /^\{%([\s\S]*)%\}$/;
/** Bounds of one evaluation: an expression that runs away must not stop the whole process. */
const LIMITS = { timeout: 5_000, stack: 500 };
const COMPILED_MAX = 1_000;
const compiled = new Map<string, jsonata.Expression>();

export const isExpression = (value: string): boolean => EXPRESSION.test(value);

function compile(source: string): jsonata.Expression {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const expression = jsonata(source, LIMITS);
  expression.registerFunction('parse', (text: string): Json => JSON.parse(text) as Json, '<s:x>');
  expression.registerFunction('uuid', () => randomUUID(), '<:s>');
  expression.registerFunction('hash', (text: string, algorithm: string) => createHash(algorithm.replace('-', '')).update(text).digest('hex'), '<ss:s>'); // prettier-ignore
  // Step Functions has no $eval: it would run text that came with the data.
  expression.registerFunction('eval', () => {
    throw new Error('$eval is not available');
  });
  if (compiled.size >= COMPILED_MAX) compiled.clear();
  compiled.set(source, expression);
  return expression;
}

/** Compiles every expression in the value; throws with the place and the reason when one is not JSONata. */
export function checkSyntax(where: string, value: Json): void {
  if (typeof value === 'string') {
    const source = EXPRESSION.exec(value)?.[1];
    if (source === undefined) return;
    try {
      compile(source);
    } catch (error) {
      throw new Error(`${where}: ${value}: ${(error as Partial<jsonata.JsonataError>).message ?? 'not JSONata'}`);
    }
  } else if (Array.isArray(value)) for (const item of value) checkSyntax(where, item);
  else if (isObject(value)) for (const [name, member] of Object.entries(value)) checkSyntax(`${where}.${name}`, member);
}

/**
 * The value with every expression in it replaced by its result.
 * @throws StateError `States.QueryEvaluationError` when an expression fails, or its result is undefined or no JSON.
 */
export async function evaluate(value: Json, scope: Scope): Promise<Json> {
  if (typeof value === 'string') {
    const source = EXPRESSION.exec(value)?.[1];
    return source === undefined ? value : evaluateSource(source, scope);
  }
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) items.push(await evaluate(item, scope));
    return items;
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [name, member] of Object.entries(value)) result[name] = await evaluate(member, scope);
  return result;
}

async function evaluateSource(source: string, scope: Scope): Promise<Json> {
  let result: unknown;
  try {
    result = await compile(source).evaluate(undefined, { ...scope.variables, states: scope.states });
  } catch (error) {
    const reason = (error as Partial<jsonata.JsonataError>).message ?? String(error);
    throw new StateError('States.QueryEvaluationError', `The JSONata expression '${source.trim()}' failed: ${reason}`);
  }
  // Through text, because JSONata marks its sequences with properties that are not data.
  const json: unknown = JSON.stringify(result, (_, value: unknown) => (isFunction(value) ? undefined : value));
  if (typeof json !== 'string') {
    throw new StateError(
      'States.QueryEvaluationError',
      `The JSONata expression '${source.trim()}' returned nothing (undefined).`,
    );
  }
  return JSON.parse(json) as Json;
}

/** JSONata's own functions are objects with a mark. */
const isFunction = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' && value !== null && ('_jsonata_function' in value || '_jsonata_lambda' in value));
