/** The state machine of a run, as it is deployed, played on virtual time: which function comes after which. */
import { Template } from 'aws-cdk-lib/assertions';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { DefinitionBody, QueryLanguage, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { App, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { runDefinition, type StateFunction } from '#lib/run-definition.ts';
import { TRANSITIONS } from '#lambdas/contract.ts';
import { ROUNDS_MAX, STOP_GRACE_SECONDS } from '#core/limits.ts';
import type { Json, JsonObject } from '#core/json.ts';
import type { Invocation } from '#local/lambda.ts';
import { ending, failed, ok, rig } from '../local/machine.ts';
import { settle, type VirtualClock } from '../local/virtual-clock.ts';

const STEPS = ['plan', 'dispatch', 'await', 'merge', 'finish'] as const satisfies StateFunction[];
const definition = synthesised();

function synthesised(): JsonObject {
  const stack = new Stack(new App(), 'test');
  const imported = (name: string) =>
    LambdaFunction.fromFunctionArn(stack, name, `arn:aws:lambda:us-east-1:000000000000:function:${name}`);
  const [plan, dispatch, wait, merge, finish] = STEPS.map(imported) as [never, never, never, never, never];
  const functions = { plan, dispatch, await: wait, merge, finish };
  const body = DefinitionBody.fromChainable(runDefinition(stack, functions));
  new StateMachine(stack, 'Machine', { queryLanguage: QueryLanguage.JSONATA, definitionBody: body });
  const found = Object.values(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'));
  const { DefinitionString: text } = (found[0] as { Properties: { DefinitionString: Json } }).Properties;
  const [, pieces] = (text as { 'Fn::Join': [string, Json[]] })['Fn::Join'];
  return JSON.parse(pieces.map((piece) => (typeof piece === 'string' ? piece : 'aws')).join('')) as JsonObject;
}

type Answers = Partial<Record<StateFunction, (call: number, payload: JsonObject) => Invocation>>;
const PLANNED = { round: 0, shards: 2, secondsLeft: 600, proceed: true, grace: false, crawls: true };
const crash = (): Invocation => failed('Runtime.ExitError', 'the function died');

/** A run in which everything goes well, but for what `answers` says. */
async function start(answers: Answers = {}) {
  const steps: StateFunction[] = [];
  const payloads: JsonObject[] = [];
  const usual: Required<Answers> = {
    plan: (_, { round }) => ok({ ...PLANNED, round: round ?? 0 }),
    dispatch: () => ok({ sent: 2 }),
    await: () => ok({}),
    merge: (_, { round }) => ok({ more: false, round: round ?? 0 }),
    finish: () => ok({ state: 'SUCCEEDED' }),
  };
  const machine = rig(definition, (payload, _, functionName) => {
    const step = functionName.slice(functionName.lastIndexOf(':') + 1) as StateFunction;
    steps.push(step);
    payloads.push(payload as JsonObject);
    const call = steps.filter((each) => each === step).length;
    return (answers[step] ?? usual[step])(call, payload as JsonObject);
  });
  await machine.start({ tenant: 'acme', runId: 'r', attempt: 3 });
  const tokens = () => payloads.flatMap(({ token }) => (typeof token === 'string' ? [token] : []));
  return {
    ...machine,
    steps,
    payloads,
    tokens,
    async answer(outcome: string) {
      const told = machine.engine.answer(tokens().at(-1) ?? '', { ok: true, output: { outcome } });
      await settle();
      return told;
    },
  };
}

/** Longer than all tries of one step take, and shorter than the wait. */
async function minutes({ clock }: { clock: VirtualClock }, count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) await clock.advance(60_000);
}

describe('a run', () => {
  it('goes round by round from plan to finish, each function with ids alone', async () => {
    const run = await start({ merge: (call) => ok({ more: call === 1, round: call }) });
    await run.answer('roundDone');
    await run.answer('roundDone');
    const round = ['plan', 'dispatch', 'await', 'merge'];
    expect(run.steps).toEqual([...round, ...round, 'finish']);
    const ids = { tenant: 'acme', runId: 'r', attempt: 3 };
    for (const payload of run.payloads) expect(payload).toMatchObject(ids);
    expect(run.payloads.map((payload) => payload['round'])).toEqual([0, 0, 0, 0, 1, 1, 1, 1, undefined]);
    expect(run.payloads.at(-1)).toEqual(ids);
    expect(ending(run.read())).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('takes as many transitions as runs are charged for', () => {
    const { States: states, StartAt: first } = definition as { States: Record<string, JsonObject>; StartAt: string };
    const entered: string[] = [];
    for (let name: unknown = first; typeof name === 'string';) {
      entered.push(name);
      const state = states[name] as JsonObject;
      // The way of a run of one round: of each choice the first way, but no further round.
      name = name === 'MoreRounds' ? state['Default'] : (state['Next'] ?? (state['Choices'] as JsonObject[] | undefined)?.[0]?.['Next']); // prettier-ignore
    }
    expect(entered.at(-1)).toBe('Finish');
    expect(Object.values(TRANSITIONS).reduce((sum, each) => sum + each, 0)).toBe(entered.length);
  });

  it('merges nothing where nothing is crawled, whether there are shards or not', async () => {
    const run = await start({ plan: () => ok({ ...PLANNED, crawls: false }) });
    await run.answer('roundDone');
    expect(run.steps).toEqual(['plan', 'dispatch', 'await', 'finish']);
    const { steps } = await start({ plan: () => ok({ ...PLANNED, shards: 0, crawls: false }) });
    expect(steps).toEqual(['plan', 'finish']);
  });

  it('merges when a plan of the release before does not say whether it crawls', async () => {
    const { crawls: _, ...before } = PLANNED;
    const run = await start({ plan: () => ok(before) });
    await run.answer('roundDone');
    expect(run.steps).toEqual(['plan', 'dispatch', 'await', 'merge', 'finish']);
  });

  it('passes over the wait of a round without shards', async () => {
    const { steps } = await start({ plan: () => ok({ ...PLANNED, shards: 0 }) });
    expect(steps).toEqual(['plan', 'merge', 'finish']);
  });

  it('that is not to go on ends at once, or after the time that workers need to put things down', async () => {
    const never = await start({ plan: () => ok({ ...PLANNED, proceed: false }) });
    expect(never.steps).toEqual(['plan', 'finish']);
    const late = await start({ plan: () => ok({ ...PLANNED, proceed: false, grace: true }) });
    expect(late.steps).toEqual(['plan']);
    await late.clock.advance(STOP_GRACE_SECONDS * 1000);
    expect(late.steps).toEqual(['plan', 'finish']);
  });

  it('that is stopped finishes after the same time', async () => {
    const run = await start();
    await run.answer('stopped');
    expect(run.steps.at(-1)).toBe('await');
    await run.clock.advance(STOP_GRACE_SECONDS * 1000);
    expect(run.steps.at(-1)).toBe('finish');
  });
});

describe('when the time of the wait is up', () => {
  it('the plan says that it is: the run ends without an error', async () => {
    const run = await start({ plan: (call) => ok(call === 1 ? PLANNED : { ...PLANNED, proceed: false, grace: true }) });
    await run.clock.advance(600_000);
    expect(run.steps).toEqual(['plan', 'dispatch', 'await', 'plan']);
    await run.clock.advance(STOP_GRACE_SECONDS * 1000);
    expect(run.steps.at(-1)).toBe('finish');
    expect(run.payloads.at(-1)).toEqual({ tenant: 'acme', runId: 'r', attempt: 3 });
  });

  it('the plan says that it is not: the same round is waited for again, under a new token', async () => {
    const run = await start({ plan: (call) => ok({ ...PLANNED, secondsLeft: call === 1 ? 600 : 86_400 }) });
    await run.clock.advance(600_000);
    expect(run.steps).toEqual(['plan', 'dispatch', 'await', 'plan', 'dispatch', 'await']);
    const [old = ''] = run.tokens();
    expect(run.engine.answer(old, { ok: true, output: { outcome: 'roundDone' } })).toBe('TaskTimedOut');
    await run.clock.advance(86_399_000);
    expect(run.steps).toHaveLength(6);
    await run.answer('roundDone');
    expect(run.steps.slice(6)).toEqual(['merge', 'finish']);
  });
});

describe.each(STEPS.filter((step) => step !== 'finish'))('%s', (step) => {
  const count = ({ steps }: { steps: StateFunction[] }, of: StateFunction) =>
    steps.filter((each) => each === of).length;

  it.each([
    ['that dies', crash, 5],
    ['that the service does not call', () => failed('Lambda.TooManyRequestsException'), 6],
  ])('%s is tried again, and the run goes on', async (_name, failure, retries) => {
    const usual = { plan: ok(PLANNED), dispatch: ok({}), await: ok({}), merge: ok({ more: false, round: 0 }) }[step];
    const run = await start({ [step]: (call: number) => (call <= retries ? failure() : usual) });
    if (step === 'merge') await run.answer('roundDone');
    await minutes(run, 9);
    expect(count(run, step)).toBe(retries + 1);
  });

  it('that goes on dying ends the run as failed, with its last words', async () => {
    const run = await start({ [step]: crash });
    if (step === 'merge') await run.answer('roundDone');
    await minutes(run, 9);
    expect(count(run, step)).toBe(6);
    expect(run.payloads.at(-1)).toMatchObject({ outcome: 'failed', error: 'Runtime.ExitError' });
    expect(String(run.payloads.at(-1)?.['cause'])).toContain('the function died');
  });
});

it('a finish that goes on dying fails the execution, which the sweep then starts again', async () => {
  const run = await start({ finish: crash });
  await run.answer('roundDone');
  await minutes(run, 9);
  expect(run.steps.filter((step) => step === 'finish')).toHaveLength(6);
  expect(ending(run.read())).toMatchObject({ status: 'FAILED', error: 'Runtime.ExitError' });
});

it('fits the 25,000 events of an execution: all rounds, every try of every step', () => {
  const states = Object.values(definition['States'] as Record<string, JsonObject>);
  // Entered, scheduled, started, submitted, succeeded, exited; and scheduled, started, failed for each try in vain.
  const events = states.map(({ Type, Retry = [] }) => {
    const retries = (Retry as { MaxAttempts: number }[]).reduce((sum, { MaxAttempts }) => sum + MaxAttempts, 0);
    return Type === 'Task' ? 6 + 3 * retries : 2;
  });
  const round = events.reduce((sum, each) => sum + each, 0);
  expect(ROUNDS_MAX * round).toBeLessThan(25_000);
});
