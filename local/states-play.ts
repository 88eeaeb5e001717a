/** Plays one state of one execution: from its input to the move that leaves it. Knows nothing of storage or of the API. */
import type { Json, JsonObject } from '#core/json.ts';
import type { Invocation } from './lambda.ts';
import type { ChoiceState, Exit, State, TaskState, WaitState } from './states-definition.ts';
import { catcherOf, retryOf } from './states-errors.ts';
import { evaluate, StateError } from './states-jsonata.ts';
import type { Scope } from './states-jsonata.ts';
import { callOf, checkSize, goOn, payloadOf, scopeOf, secondsOf } from './states-stage.ts';
import type { Stage } from './states-stage.ts';
import { awaitToken } from './states-token.ts';

export type Move =
  | { to: 'state'; next: string; output: Json; variables: JsonObject }
  | { to: 'end'; output: Json }
  | { to: 'failure'; error: string; cause: string };

export async function playState(state: State, stage: Stage): Promise<Move> {
  try {
    switch (state.type) {
      case 'Pass':
      case 'Succeed':
        return await leave(state, scopeOf(stage), stage.execution.frame.input);
      case 'Choice':
        return await playChoice(state, stage);
      case 'Wait':
        return await playWait(state, stage);
      case 'Task':
        return await playTask(state, stage);
      case 'Fail':
        return { to: 'failure', error: await textOf(state.error, stage), cause: await textOf(state.cause, stage) };
    }
  } catch (error) {
    if (error instanceof StateError) return { to: 'failure', error: error.error, cause: error.cause };
    throw error;
  }
}

async function textOf(value: string | undefined, stage: Stage): Promise<string> {
  const result = value === undefined ? '' : await evaluate(value, scopeOf(stage));
  return typeof result === 'string' ? result : JSON.stringify(result);
}

async function leave(exit: Exit, scope: Scope, otherwise: Json): Promise<Move> {
  const assigned = await evaluate(exit.assign ?? {}, scope);
  const output = exit.output === undefined ? otherwise : await evaluate(exit.output, scope);
  checkSize('output', output);
  for (const [name, value] of Object.entries(assigned as JsonObject)) checkSize(`variable ${name}`, value);
  if (exit.next === undefined) return { to: 'end', output };
  return { to: 'state', next: exit.next, output, variables: { ...scope.variables, ...(assigned as JsonObject) } };
}

async function playChoice(state: ChoiceState, stage: Stage): Promise<Move> {
  const scope = scopeOf(stage);
  const { input } = stage.execution.frame;
  for (const choice of state.choices) {
    const holds = await evaluate(choice.condition, scope);
    if (typeof holds !== 'boolean') {
      throw new StateError(
        'States.QueryEvaluationError',
        `The condition '${choice.condition}' must be a boolean, got ${JSON.stringify(holds)}`,
      );
    }
    if (holds) return leave(choice, scope, input);
  }
  if (state.next === undefined)
    throw new StateError('States.NoChoiceMatched', `No choice of state ${state.name} matched`);
  return leave(state, scope, input);
}

async function playWait(state: WaitState, stage: Stage): Promise<Move> {
  const { frame } = stage.execution;
  if (frame.phase.at !== 'wait') {
    const seconds = await secondsOf('Seconds', state.seconds, stage);
    goOn(stage);
    frame.phase = { at: 'wait', untilMs: stage.clock.now() + seconds * 1000 };
    stage.save();
  }
  await stage.clock.sleep(Math.max(0, frame.phase.untilMs - stage.clock.now()), stage.signal);
  goOn(stage);
  return leave(state, scopeOf(stage), frame.input);
}

/** Attempts until one succeeds or retriers are spent; then the catcher, or the failure of the execution. */
async function playTask(state: TaskState, stage: Stage): Promise<Move> {
  const { frame } = stage.execution;
  for (;;) {
    if (frame.phase.at === 'retry') {
      await stage.clock.sleep(Math.max(0, frame.phase.untilMs - stage.clock.now()), stage.signal);
      goOn(stage);
      frame.phase = { at: 'enter' };
      stage.save();
    }
    let failure: StateError;
    try {
      const result = state.waitsForToken ? await awaitToken(state, stage) : await invokeOnce(state, stage);
      checkSize('result', result);
      return await leave(state, scopeOf(stage, { result }), result);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      failure = error;
    }
    goOn(stage);
    const { error, cause } = failure;
    stage.event(error === 'States.Timeout' ? 'TaskTimedOut' : 'TaskFailed', { error, cause });
    const retry = retryOf(state.retry, frame.retries, error, stage.chance);
    if (retry === undefined) {
      const catcher = catcherOf(state.catch, error);
      if (catcher === undefined) throw failure;
      const errorOutput: JsonObject = { Error: error, Cause: cause };
      return await leave(catcher, scopeOf(stage, { errorOutput }), errorOutput);
    }
    frame.retries = state.retry.map((_, i) => (frame.retries[i] ?? 0) + (i === retry.index ? 1 : 0));
    frame.phase = { at: 'retry', untilMs: stage.clock.now() + retry.delayMs };
    stage.save();
  }
}

/** `lambda:invoke`, bounded by `TimeoutSeconds`; a function that outlives it goes on unheard. */
async function invokeOnce(state: TaskState, stage: Stage): Promise<Json> {
  const { functionName, payload } = await callOf(state, stage);
  const { timeoutSeconds } = state;
  const seconds = timeoutSeconds === undefined ? undefined : await secondsOf('TimeoutSeconds', timeoutSeconds, stage);
  const ended = new AbortController();
  const contenders: Promise<Invocation | 'late'>[] = [stage.invoke(functionName, payload)];
  if (seconds !== undefined) {
    contenders.push(
      stage.clock.sleep(seconds * 1000, AbortSignal.any([ended.signal, stage.signal])).then(() => 'late' as const),
    );
  }
  const invocation = await Promise.race(contenders);
  ended.abort();
  goOn(stage);
  if (invocation === 'late') throw new StateError('States.Timeout', '');
  return { ExecutedVersion: '$LATEST', Payload: payloadOf(invocation), StatusCode: 200 };
}
