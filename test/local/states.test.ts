import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '#core/json.ts';
import { STATE_BYTES_MAX } from '#local/states-errors.ts';
import { definition, ending, failed, MACHINE, ok, rig, task } from './machine.ts';
import { settle } from './virtual-clock.ts';

const pass = (more: JsonObject): JsonObject => ({ Type: 'Pass', End: true, ...more });
async function outcome(machine: JsonObject, input: Json = {}): Promise<JsonObject> {
  return ending(await rig(machine).start(input));
}

describe('JSONata', () => {
  it.each<[string, Json, Json]>([
    ['input', '{% $states.input.a %}', 1],
    [
      'nested templates',
      { x: ['{% $states.input.a + 1 %}', 'text'], y: { z: true } },
      { x: [2, 'text'], y: { z: true } },
    ],
    ['filters give lists', '{% [$states.input.list[n > 1].n] %}', [2, 3]],
    ['sequences are plain', '{% $states.input.list.n %}', [1, 2, 3]],
    ['objects', "{% $merge([{'k': $states.input.a}, {'l': 'x'}]) %}", { k: 1, l: 'x' }],
    ['null', '{% null %}', null],
    ['parse', '{% $parse(\'{"a":[1]}\').a %}', [1]],
    ['context', '{% $states.context.Execution.Name & $states.context.State.Name %}', 'runA'],
    ['start time', '{% $states.context.Execution.StartTime %}', '2026-01-01T00:00:00.000Z'],
    ['strings that only look like it', 'a {% 1 %}', 'a {% 1 %}'],
  ])('%s', async (_, Output, expected) => {
    const input = { a: 1, list: [{ n: 1 }, { n: 2 }, { n: 3 }] };
    expect(await outcome(definition({ A: pass({ Output }) }), input)).toEqual({
      status: 'SUCCEEDED',
      output: expected,
    });
  });

  it.each([
    ['undefined', '{% $states.input.nothing %}'],
    ['an unknown variable', '{% $nothing %}'],
    ['a function', '{% $sum %}'],
    ['a type error', "{% 1 + 'x' %}"],
    ['endless recursion', '{% ($f := function($x) { $f($x + 1) + 1 }; $f(1)) %}'],
    ['implicit input', '{% a %}'],
    ['eval', "{% $eval('1') %}"],
  ])('fails on %s', async (_, Output) => {
    expect(await outcome(definition({ A: pass({ Output }) }), { a: 1 })).toMatchObject({
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
    });
  });
});

describe('variables', () => {
  it('are set together, from the values before, and live on', async () => {
    const machine = definition({
      A: { Type: 'Pass', Assign: { a: 1, b: 2 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { a: '{% $b %}', b: '{% $a %}' }, Output: 'out', Next: 'C' },
      C: pass({ Output: '{% [$a, $b, $states.input] %}' }),
    });
    expect(await outcome(machine)).toEqual({ status: 'SUCCEEDED', output: [2, 1, 'out'] });
  });
});

describe('Choice', () => {
  const machine = definition({
    C: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $states.input.n > 2 %}', Next: 'Big', Assign: { size: 'big' }, Output: 'B' },
        { Condition: '{% $states.input.n > 1 %}', Next: 'Big', Assign: { size: 'middle' } },
      ],
      Default: 'Small',
      Assign: { size: 'small' },
    },
    Big: pass({ Output: '{% [$size, $states.input] %}' }),
    Small: pass({ Output: '{% [$size, $states.input] %}' }),
  });
  it.each<[number, Json]>([
    [3, ['big', 'B']],
    [2, ['middle', { n: 2 }]],
    [1, ['small', { n: 1 }]],
  ])('n = %i', async (n, output) => {
    expect(await outcome(machine, { n })).toEqual({ status: 'SUCCEEDED', output });
  });

  it('fails when nothing matches, or a condition is no boolean', async () => {
    const choice = (Condition: string) =>
      definition({ C: { Type: 'Choice', Choices: [{ Condition, Next: 'D' }] }, D: pass({}) });
    expect(await outcome(choice('{% false %}'))).toMatchObject({ error: 'States.NoChoiceMatched' });
    expect(await outcome(choice('{% 1 %}'))).toMatchObject({ error: 'States.QueryEvaluationError' });
  });
});

describe('Wait, Succeed and Fail', () => {
  it('waits as long as it is told, by a number or an expression', async () => {
    const { start, clock, read } = rig(
      definition({
        W: { Type: 'Wait', Seconds: '{% $states.input.s %}', Next: 'E' },
        E: { Type: 'Succeed', Output: 'done' },
      }),
    );
    expect((await start({ s: 10 })).status).toBe('RUNNING');
    await clock.advance(9_999);
    expect(read().status).toBe('RUNNING');
    await clock.advance(1);
    expect(ending(read())).toEqual({ status: 'SUCCEEDED', output: 'done' });
  });

  it('refuses a wait that is no whole number of seconds', async () => {
    expect(await outcome(definition({ W: { Type: 'Wait', Seconds: '{% 1.5 %}', End: true } }))).toMatchObject({
      error: 'States.QueryEvaluationError',
    });
  });

  it('fails with the error it computes', async () => {
    const machine = definition({ F: { Type: 'Fail', Error: 'Mine', Cause: "{% 'because of ' & $states.input.x %}" } });
    expect(await outcome(machine, { x: 'y' })).toEqual({ status: 'FAILED', error: 'Mine', cause: 'because of y' });
  });
});

describe('Task', () => {
  it('calls the function and wraps its answer as Lambda does', async () => {
    const { start, calls } = rig(definition({ T: task() }), () => ok({ x: 1 }));
    expect(ending(await start({ in: 1 }))).toEqual({
      status: 'SUCCEEDED',
      output: { ExecutedVersion: '$LATEST', Payload: { x: 1 }, StatusCode: 200 },
    });
    expect(calls).toEqual([{ in: 1 }]);
  });

  it('gives its result to Assign and Output', async () => {
    const machine = definition({
      T: task({ Assign: { got: '{% $states.result.Payload.x %}' }, Output: '{% $states.input.in %}', Next: 'P' }),
      P: pass({ Output: '{% [$got, $states.input] %}' }),
    });
    expect(ending(await rig(machine, () => ok({ x: 1 })).start({ in: 2 }))).toMatchObject({ output: [1, 2] });
  });

  it.each<[string, ReturnType<typeof failed>, string, string]>([
    ['a thrown error', failed('TypeError', 'bad'), 'TypeError', '{"errorType":"TypeError","errorMessage":"bad"}'],
    [
      'a time-out',
      failed('Sandbox.Timedout', 'x'),
      'Sandbox.Timedout',
      '{"errorType":"Sandbox.Timedout","errorMessage":"x"}',
    ],
    [
      'throttling',
      { kind: 'refused', name: 'TooManyRequestsException', message: 'slow' },
      'Lambda.TooManyRequestsException',
      'slow',
    ],
  ])('names the failure: %s', async (_, invocation, error, cause) => {
    expect(ending(await rig(definition({ T: task() }), () => invocation).start())).toEqual({
      status: 'FAILED',
      error,
      cause,
    });
  });

  it('ends with States.Timeout when the function takes too long', async () => {
    const { start, clock, read } = rig(
      definition({ T: task({ TimeoutSeconds: '{% $states.input.t %}' }) }),
      () => new Promise(() => undefined),
    );
    await start({ t: 5 });
    await clock.advance(4_999);
    expect(read().status).toBe('RUNNING');
    await clock.advance(1);
    expect(ending(read())).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });
});

describe('Retry and Catch', () => {
  const times = (r: ReturnType<typeof rig>, startMs: number, log: number[]) =>
    log.push((r.clock.now() - startMs) / 1000);

  it.each<[string, JsonObject, number[]]>([
    ['backs off by the rate', { IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 3 }, [0, 2, 8, 26]],
    ['is capped', { IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 3, MaxDelaySeconds: 5 }, [0, 2, 7, 12]],
    ['jitters', { IntervalSeconds: 4, BackoffRate: 1, MaxAttempts: 2, JitterStrategy: 'FULL' }, [0, 2, 4]],
    ['has its defaults', {}, [0, 1, 3, 7]],
    ['may be none', { MaxAttempts: 0 }, [0]],
  ])('%s', async (_, retrier, expected) => {
    const log: number[] = [];
    const r: ReturnType<typeof rig> = rig(
      definition({ T: task({ Retry: [{ ErrorEquals: ['E'], ...retrier }] }) }),
      () => {
        times(r, startMs, log);
        return failed('E');
      },
    );
    const startMs = r.clock.now();
    await r.start();
    await r.clock.advance(3_600_000);
    expect(log).toEqual(expected);
    expect(ending(r.read())).toMatchObject({ status: 'FAILED', error: 'E' });
  });

  it('tries the first retrier that names the error, each with its own count, then the catcher', async () => {
    const errors = ['A', 'B', 'A', 'C'];
    const Retry = [
      { ErrorEquals: ['A'], MaxAttempts: 2, IntervalSeconds: 1 },
      { ErrorEquals: ['States.ALL'], MaxAttempts: 1, IntervalSeconds: 1 },
    ];
    const Catch = [
      { ErrorEquals: ['B'], Next: 'Wrong' },
      {
        ErrorEquals: ['States.ALL'],
        Next: 'Caught',
        Assign: { e: '{% $states.errorOutput.Error %}' },
        Output: '{% $states.input.x %}',
      },
    ];
    const machine = definition({
      T: task({ Retry, Catch, Next: 'Wrong' }),
      Wrong: pass({}),
      Caught: pass({ Output: '{% [$e, $states.input] %}' }),
    });
    const { start, clock, read, calls } = rig(machine, (_, call) => failed(errors[call - 1] ?? 'Z'));
    await start({ x: 9 });
    await clock.advance(60_000);
    expect(calls).toHaveLength(4);
    expect(ending(read())).toEqual({ status: 'SUCCEEDED', output: ['C', 9] });
  });

  it.each<[string, string, ReturnType<typeof failed>, boolean]>([
    ['States.ALL catches a function error', 'States.ALL', failed('E'), true],
    ['States.TaskFailed catches a function error', 'States.TaskFailed', failed('E'), true],
    ['another name does not', 'F', failed('E'), false],
    ['States.ALL does not catch a result that is too large', 'States.ALL', ok('x'.repeat(STATE_BYTES_MAX)), false],
    ['its own name does', 'States.DataLimitExceeded', ok('x'.repeat(STATE_BYTES_MAX)), true],
  ])('%s', async (_, name, invocation, caught) => {
    const machine = definition({ T: task({ Catch: [{ ErrorEquals: [name], Next: 'C' }] }), C: pass({}) });
    const execution = await rig(machine, () => invocation).start();
    expect(execution.status).toBe(caught ? 'SUCCEEDED' : 'FAILED');
    if (caught && invocation.kind === 'functionError')
      expect(ending(execution)).toMatchObject({ output: { Error: 'E' } });
  });

  it('takes a time-out for States.Timeout but not for States.TaskFailed', async () => {
    const Catch = [{ ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' }, { ErrorEquals: ['States.Timeout'], Next: 'Late' }]; // prettier-ignore
    const machine = definition({
      T: task({ TimeoutSeconds: 1, Catch }),
      Wrong: pass({ Output: 'wrong' }),
      Late: pass({ Output: 'late' }),
    });
    const { start, clock, read } = rig(machine, () => new Promise(() => undefined));
    await start();
    await clock.advance(1_000);
    expect(ending(read())).toEqual({ status: 'SUCCEEDED', output: 'late' });
  });

  it('catches an error of its own Output expression', async () => {
    const machine = definition({
      T: task({
        Output: '{% $states.result.nothing %}',
        Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'C' }],
      }),
      C: pass({ Output: 1 }),
    });
    expect(ending(await rig(machine).start())).toEqual({ status: 'SUCCEEDED', output: 1 });
  });
});

describe('limits', () => {
  it.each<[string, JsonObject]>([
    [
      'output',
      definition({
        A: pass({
          Output: "{% $pad('x', 300000) %}",
        }),
      }),
    ],
    ['arguments', definition({ A: task({ Arguments: { FunctionName: 'f', Payload: "{% $pad('x', 300000) %}" } }) })],
    ['variable', definition({ A: pass({ Assign: { v: "{% $pad('x', 300000) %}" }, Output: 1 }) })],
  ])('%s over 256 KiB is States.DataLimitExceeded', async (_, machine) => {
    expect(await outcome(machine)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('ends an execution that loops for ever', async () => {
    const { start, read } = rig(definition({ A: { Type: 'Pass', Next: 'A' } }));
    await start();
    for (let i = 0; i < 200 && read().status === 'RUNNING'; i++) await settle();
    expect(ending(read())).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  it('ends an execution at the time-out of its machine', async () => {
    const { start, clock, read } = rig(
      definition({ W: { Type: 'Wait', Seconds: 100, End: true } }, { TimeoutSeconds: 60 }),
    );
    await start();
    await clock.advance(60_000);
    expect(ending(read())).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    await clock.advance(60_000);
    expect(read().status).toBe('TIMED_OUT');
  });
});

describe('executions', () => {
  const waiting = definition({ W: { Type: 'Wait', Seconds: 100, End: true } });

  it('start once under a name', async () => {
    const { engine, start, clock } = rig(waiting);
    await start({ a: 1 });
    expect(engine.start(MACHINE, 'run', '{"a":1}')).toMatchObject({ kind: 'started' });
    expect(engine.running()).toBe(1);
    expect(engine.start(MACHINE, 'run', '{"a":2}')).toEqual({ kind: 'exists' });
    await clock.advance(100_000);
    expect(engine.start(MACHINE, 'run', '{"a":1}')).toEqual({ kind: 'exists' });
    expect(engine.start(`${MACHINE}x`, 'run', '{}')).toEqual({ kind: 'noMachine' });
  });

  it('can be stopped, and stay so', async () => {
    const { engine, start, clock, read } = rig(waiting);
    const { arn } = await start();
    expect(engine.stop(arn, 'E', 'why')).toMatchObject({ status: 'ABORTED', error: 'E', cause: 'why' });
    await clock.advance(200_000);
    expect(read().status).toBe('ABORTED');
    expect(engine.running()).toBe(0);
    expect(clock.sleeping()).toBe(0);
  });

  it('have a history', async () => {
    const { engine, start } = rig(definition({ T: task({ Next: 'E' }), E: { Type: 'Succeed' } }));
    const { arn } = await start();
    expect(engine.history(arn, false, 100).map((e) => e.type)).toEqual([
      'ExecutionStarted', 'TaskStateEntered', 'TaskStateExited', 'SucceedStateEntered', 'SucceedStateExited', 'ExecutionSucceeded',
    ]); // prettier-ignore
  });
});
