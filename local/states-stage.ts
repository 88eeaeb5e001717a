/** What a state under play may use, and the small readings that every kind of state shares. */
import type { Json, JsonObject } from '#core/json.ts';
import type { Clock } from '#core/ports.ts';
import type { Invocation } from './lambda.ts';
import type { TaskState } from './states-definition.ts';
import { isoTime, STATE_BYTES_MAX } from './states-errors.ts';
import type { Execution } from './states-journal.ts';
import { evaluate, StateError } from './states-jsonata.ts';
import type { Scope } from './states-jsonata.ts';

/** What a state needs of its surroundings. */
export interface Stage {
  execution: Execution;
  clock: Clock;
  chance: () => number;
  invoke(functionName: string, payload: Json): Promise<Invocation>;
  newToken(): string;
  /** Makes the execution's frame durable as it now is. */
  save(): void;
  event(type: string, detail: JsonObject): void;
  /** Resolves at the next answer or heartbeat for this execution's token. */
  rung(): Promise<void>;
  /** Aborted when the execution was stopped or the process ends: nothing may be saved after. */
  signal: AbortSignal;
}

/** Thrown where play stops because the signal was aborted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
export function goOn(stage: Stage): void {
  if (stage.signal.aborted) throw new Interrupted();
}

export function checkSize(what: string, value: Json): void {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= STATE_BYTES_MAX) return;
  throw new StateError(
    'States.DataLimitExceeded',
    `The ${what} has ${bytes} bytes: more than the limit of ${STATE_BYTES_MAX}.`,
  );
}

/** `$states` as it is now, with what the caller adds (`result`, `errorOutput`). */
export function scopeOf(stage: Stage, more: JsonObject = {}, token?: string): Scope {
  const { execution } = stage;
  const { frame } = execution;
  const context: JsonObject = {
    Execution: {
      Id: execution.arn,
      Name: execution.name,
      Input: execution.input,
      StartTime: isoTime(execution.startMs),
      RoleArn: '',
      RedriveCount: 0,
    },
    State: {
      Name: frame.state,
      EnteredTime: isoTime(frame.enteredMs),
      RetryCount: frame.retries.reduce((a, b) => a + b, 0),
    },
    StateMachine: { Id: execution.machineArn, Name: execution.machineArn.split(':').pop() ?? '' },
    ...(token === undefined ? {} : { Task: { Token: token } }),
  };
  return { states: { input: frame.input, context, ...more }, variables: frame.variables };
}

/** Number of seconds of a field that takes a number or JSONata. */
export async function secondsOf(name: string, value: Json, stage: Stage): Promise<number> {
  const seconds = await evaluate(value, scopeOf(stage));
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 && seconds <= 99_999_999) return seconds;
  throw new StateError(
    'States.QueryEvaluationError',
    `${name} must be a whole number of seconds, got ${JSON.stringify(seconds)}`,
  );
}

/** Function and payload of a Task's `Arguments`. */
export async function callOf(
  state: TaskState,
  stage: Stage,
  token?: string,
): Promise<{ functionName: string; payload: Json }> {
  const call = await evaluate(state.arguments, scopeOf(stage, {}, token));
  checkSize('arguments', call);
  const { FunctionName: functionName, Payload: payload = {} } = call as JsonObject;
  if (typeof functionName !== 'string') throw new StateError('States.Runtime', 'Arguments.FunctionName must be text');
  return { functionName, payload };
}

/** @throws StateError as Step Functions names the failures of Lambda. */
export function payloadOf(invocation: Invocation): Json {
  if (invocation.kind === 'ok') return JSON.parse(invocation.payload) as Json;
  if (invocation.kind === 'refused') throw new StateError(`Lambda.${invocation.name}`, invocation.message);
  const { error } = invocation;
  throw new StateError(error.errorType === '' ? 'Lambda.Unknown' : error.errorType, JSON.stringify(error));
}
