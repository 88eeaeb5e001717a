import type { Json } from '#core/json.ts';
import type { TaskState } from './states-definition.ts';
import type { Phase } from './states-journal.ts';
import { StateError } from './states-jsonata.ts';
import { callOf, goOn, payloadOf, secondsOf } from './states-stage.ts';
import type { Stage } from './states-stage.ts';

type TokenPhase = Extract<Phase, { at: 'token' }>;

/** The token and its deadlines are durable before anybody can know the token. */
async function beginWaiting(state: TaskState, stage: Stage): Promise<TokenPhase> {
  const { frame } = stage.execution;
  if (frame.phase.at === 'token') return frame.phase;
  const seconds = async (name: string, value: Json | undefined): Promise<number | null> =>
    value === undefined ? null : (await secondsOf(name, value, stage)) * 1000;
  const timeoutMs = await seconds('TimeoutSeconds', state.timeoutSeconds);
  const heartbeatMs = await seconds('HeartbeatSeconds', state.heartbeatSeconds);
  goOn(stage);
  const now = stage.clock.now();
  const phase: TokenPhase = {
    at: 'token',
    token: stage.newToken(),
    invoked: false,
    deadlineMs: timeoutMs === null ? null : now + timeoutMs,
    heartbeatMs,
    heartbeatDeadlineMs: heartbeatMs === null ? null : now + heartbeatMs,
    answer: null,
  };
  frame.phase = phase;
  stage.save();
  return phase;
}

/**
 * `lambda:invoke.waitForTaskToken`: calls the function with the token, then waits for whoever answers it. The function's
 * own result does not matter, its failure does. After a restart the same token is waited for; the function is called
 * again only if it had not returned.
 * @throws StateError with the answer's error, `States.Timeout`, `States.HeartbeatTimeout`, or the function's failure.
 */
export async function awaitToken(state: TaskState, stage: Stage): Promise<Json> {
  const phase = await beginWaiting(state, stage);
  const called =
    phase.invoked || phase.answer !== null
      ? { failure: undefined, ended: new Promise<void>(() => undefined) }
      : callFunction(state, stage, phase);
  for (;;) {
    goOn(stage);
    if (phase.answer?.ok === true) return phase.answer.output;
    if (phase.answer !== null) throw new StateError(phase.answer.error, phase.answer.cause);
    const now = stage.clock.now();
    if (phase.deadlineMs !== null && now >= phase.deadlineMs) throw new StateError('States.Timeout', '');
    if (phase.heartbeatDeadlineMs !== null && now >= phase.heartbeatDeadlineMs)
      throw new StateError('States.HeartbeatTimeout', '');
    if (called.failure !== undefined) throw called.failure;
    const until = Math.min(
      phase.deadlineMs ?? Number.POSITIVE_INFINITY,
      phase.heartbeatDeadlineMs ?? Number.POSITIVE_INFINITY,
    );
    const woken = new AbortController();
    const signal = AbortSignal.any([woken.signal, stage.signal]);
    await Promise.race([
      stage.rung(),
      called.ended,
      Number.isFinite(until) ? stage.clock.sleep(until - now, signal) : aborted(signal),
    ]);
    woken.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

interface Call {
  failure: Error | undefined;
  /** Resolves when the call failed; never when it went well. */
  ended: Promise<void>;
}

function callFunction(state: TaskState, stage: Stage, phase: TokenPhase): Call {
  const { promise, resolve } = Promise.withResolvers<void>();
  const call: Call = { failure: undefined, ended: promise };
  const run = async (): Promise<void> => {
    const { functionName, payload } = await callOf(state, stage, phase.token);
    payloadOf(await stage.invoke(functionName, payload));
    // Only while this phase is still the execution's own: it may have been answered and left meanwhile.
    if (stage.signal.aborted || stage.execution.frame.phase !== phase) return;
    phase.invoked = true;
    stage.save();
  };
  run().catch((error: unknown) => {
    call.failure = error instanceof Error ? error : new Error(String(error));
    resolve();
  });
  return call;
}
