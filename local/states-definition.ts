/**
 * Reads a state machine: Amazon States Language with JSONata, exactly the state types and fields that are played here.
 * Everything else is refused at start-up by state and field, so a machine either runs as written or not at all.
 */
import type { Json, JsonObject } from '#core/json.ts';
import { isObject } from './properties.ts';
import { checkSyntax } from './states-jsonata.ts';

export interface Retrier {
  errors: string[];
  intervalSeconds: number;
  backoffRate: number;
  attemptsMax: number;
  delaySecondsMax: number | undefined;
  fullJitter: boolean;
}
/** What leaving a state by this way does: where to, which variables, which output. Undefined = as the state type has it. */
export interface Exit {
  next: string | undefined;
  assign: JsonObject | undefined;
  output: Json | undefined;
}
export interface Catcher extends Exit {
  errors: string[];
}
export interface TaskState extends Exit {
  type: 'Task';
  name: string;
  waitsForToken: boolean;
  arguments: Json;
  retry: Retrier[];
  catch: Catcher[];
  /** Number or JSONata. */
  timeoutSeconds: Json | undefined;
  heartbeatSeconds: Json | undefined;
}
export interface ChoiceState extends Exit {
  type: 'Choice';
  name: string;
  choices: (Exit & { condition: string })[];
  /** `next` of the state itself holds `Default`. */
}
export interface WaitState extends Exit {
  type: 'Wait';
  name: string;
  seconds: Json;
}
export interface PlainState extends Exit {
  type: 'Pass' | 'Succeed';
  name: string;
}
export interface FailState {
  type: 'Fail';
  name: string;
  error: string | undefined;
  cause: string | undefined;
}
export type State = TaskState | ChoiceState | WaitState | PlainState | FailState;

export interface Machine {
  startAt: string;
  timeoutSeconds: number | undefined;
  states: Map<string, State>;
}

const ANY = ['Type', 'Comment', 'QueryLanguage'];
const EXIT = ['Next', 'End', 'Assign', 'Output'];
const FIELDS: Record<string, string[]> = {
  Task: [...ANY, ...EXIT, 'Resource', 'Arguments', 'Retry', 'Catch', 'TimeoutSeconds', 'HeartbeatSeconds'],
  Choice: [...ANY, 'Choices', 'Default', 'Assign', 'Output'],
  Wait: [...ANY, ...EXIT, 'Seconds'],
  Pass: [...ANY, ...EXIT],
  Succeed: [...ANY, 'Output'],
  Fail: [...ANY, 'Error', 'Cause'],
};
const RESOURCE = /^arn:aws(-[a-z-]+)?:states:::lambda:invoke(\.waitForTaskToken)?$/;

/** @throws an Error that names the state and the field. */
export function readMachine(name: string, definition: Json): Machine {
  const top = fields(name, definition, ['StartAt', 'States', 'Comment', 'QueryLanguage', 'TimeoutSeconds', 'Version']);
  const states = new Map<string, State>();
  for (const [id, body] of Object.entries(isObject(top['States']) ? top['States'] : {})) {
    const where = `${name}: state ${id}`;
    const jsonata = (isObject(body) ? body['QueryLanguage'] : undefined) ?? top['QueryLanguage'];
    if (jsonata !== 'JSONata') throw new Error(`${where}: the local world plays JSONata only`);
    states.set(id, readState(where, id, body));
  }
  const startAt = text(`${name}: StartAt`, top['StartAt']);
  const targets = [startAt, ...[...states.values()].flatMap(targetsOf)];
  const missing = targets.find((target) => !states.has(target));
  if (missing !== undefined) throw new Error(`${name}: there is no state ${missing}`);
  const timeout = top['TimeoutSeconds'];
  return {
    startAt,
    timeoutSeconds: timeout === undefined ? undefined : number(`${name}: TimeoutSeconds`, timeout),
    states,
  };
}

function targetsOf(state: State): string[] {
  if (state.type === 'Fail') return [];
  const exits: Exit[] = [state];
  if (state.type === 'Choice') exits.push(...state.choices);
  if (state.type === 'Task') exits.push(...state.catch);
  return exits.flatMap((exit) => (exit.next === undefined ? [] : [exit.next]));
}

function fields(where: string, value: Json | undefined, known: string[]): JsonObject {
  if (!isObject(value)) throw new Error(`${where}: expected an object`);
  const unknown = Object.keys(value).find((field) => !known.includes(field));
  if (unknown !== undefined) throw new Error(`${where}: field ${unknown} is not played by the local world`);
  checkSyntax(where, value['States'] === undefined ? value : {});
  return value;
}

function text(where: string, value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error(`${where}: expected text, got ${JSON.stringify(value)}`);
  return value;
}
function number(where: string, value: Json | undefined): number {
  if (typeof value !== 'number') throw new Error(`${where}: expected a number, got ${JSON.stringify(value)}`);
  return value;
}
function objects(where: string, value: Json | undefined, known: string[]): JsonObject[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${where}: expected a list`);
  return value.map((item, i) => fields(`${where}[${i}]`, item, known));
}

function exitOf(where: string, body: JsonObject): Exit {
  const assign = body['Assign'];
  if (assign !== undefined && !isObject(assign)) throw new Error(`${where}.Assign: expected an object`);
  return {
    next: body['Next'] === undefined ? undefined : text(`${where}.Next`, body['Next']),
    assign,
    output: body['Output'],
  };
}

function readState(where: string, name: string, body: Json): State {
  const type = text(`${where}.Type`, isObject(body) ? body['Type'] : undefined);
  const known = FIELDS[type];
  if (known === undefined)
    throw new Error(`${where}: type ${type} is not played by the local world (${Object.keys(FIELDS).join(', ')} are)`);
  const state = fields(where, body, known);
  const exit = exitOf(where, state);
  const ends = state['End'] === true;
  if (known.includes('End') && ends === (exit.next !== undefined))
    throw new Error(`${where}: expected either Next or End: true`);
  switch (type) {
    case 'Task':
      return readTask(where, name, state, exit);
    case 'Choice':
      return {
        type,
        name,
        ...exit,
        next: optionalText(`${where}.Default`, state['Default']),
        choices: readChoices(where, state),
      };
    case 'Wait': {
      const seconds = state['Seconds'];
      if (seconds === undefined) throw new Error(`${where}: the local world waits for Seconds only`);
      return { type, name, ...exit, seconds };
    }
    case 'Fail':
      return { type, name, error: optionalText(where, state['Error']), cause: optionalText(where, state['Cause']) };
    default:
      return { type: type === 'Pass' ? 'Pass' : 'Succeed', name, ...exit };
  }
}

const optionalText = (where: string, value: Json | undefined): string | undefined =>
  value === undefined ? undefined : text(where, value);

function readChoices(where: string, state: JsonObject): ChoiceState['choices'] {
  return objects(`${where}.Choices`, state['Choices'], ['Condition', 'Next', 'Assign', 'Output', 'Comment']).map(
    (choice, i) => ({
      ...exitOf(`${where}.Choices[${i}]`, choice),
      condition: text(`${where}.Choices[${i}].Condition`, choice['Condition']),
    }),
  );
}

function readTask(where: string, name: string, state: JsonObject, exit: Exit): TaskState {
  const resource = RESOURCE.exec(text(`${where}.Resource`, state['Resource']));
  if (resource === null)
    throw new Error(
      `${where}: resource ${String(state['Resource'])} is not played by the local world (lambda:invoke is)`,
    );
  const args = state['Arguments'];
  if (isObject(args)) {
    const unknown = Object.keys(args).find((field) => !['FunctionName', 'Payload', 'Qualifier'].includes(field));
    if (unknown !== undefined) throw new Error(`${where}: argument ${unknown} is not played by the local world`);
  }
  const waitsForToken = resource[2] !== undefined;
  if (!waitsForToken && state['HeartbeatSeconds'] !== undefined) {
    throw new Error(`${where}: HeartbeatSeconds is played for .waitForTaskToken only`);
  }
  return {
    type: 'Task',
    name,
    ...exit,
    waitsForToken,
    arguments: args ?? {},
    retry: objects(`${where}.Retry`, state['Retry'], ['ErrorEquals', 'IntervalSeconds', 'BackoffRate', 'MaxAttempts', 'MaxDelaySeconds', 'JitterStrategy', 'Comment']).map((r) => readRetrier(where, r)), // prettier-ignore
    catch: objects(`${where}.Catch`, state['Catch'], ['ErrorEquals', 'Next', 'Output', 'Assign', 'Comment']).map(
      (c) => ({
        ...exitOf(`${where}.Catch`, c),
        errors: errorNames(where, c),
      }),
    ),
    timeoutSeconds: state['TimeoutSeconds'],
    heartbeatSeconds: state['HeartbeatSeconds'],
  };
}

function errorNames(where: string, body: JsonObject): string[] {
  const names = body['ErrorEquals'];
  if (!Array.isArray(names) || names.length === 0)
    throw new Error(`${where}: ErrorEquals expects a list of error names`);
  return names.map((name) => text(`${where}.ErrorEquals`, name));
}

/** Defaults are those of the States Language. */
function readRetrier(where: string, body: JsonObject): Retrier {
  const delay = body['MaxDelaySeconds'];
  return {
    errors: errorNames(where, body),
    intervalSeconds: number(where, body['IntervalSeconds'] ?? 1),
    backoffRate: number(where, body['BackoffRate'] ?? 2),
    attemptsMax: number(where, body['MaxAttempts'] ?? 3),
    delaySecondsMax: delay === undefined ? undefined : number(where, delay),
    fullJitter: body['JitterStrategy'] === 'FULL',
  };
}
