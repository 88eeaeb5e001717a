import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { Invocation } from '#local/lambda.ts';
import { definition, ending, failed, INVOKE, ok, rig, task } from './machine.ts';
import type { Fn } from './machine.ts';
import { settle } from './virtual-clock.ts';

const machine = (more: JsonObject = {}): JsonObject =>
  definition({
    T: task({
      Resource: `${INVOKE}.waitForTaskToken`,
      Arguments: {
        FunctionName: 'f',
        Payload: { token: '{% $states.context.Task.Token %}', x: '{% $states.input.x %}' },
      },
      ...more,
    }),
  });
const waiting = async (more: JsonObject = {}, fn: Fn = () => ok('ignored')) => {
  const r = rig(machine(more), fn);
  await r.start({ x: 1 });
  return r;
};

describe('a task token', () => {
  it('is given to the function and ends the task with its answer', async () => {
    const { engine, token, read, calls } = await waiting({ Output: '{% $states.result.a %}' });
    expect(calls).toEqual([{ token: token(), x: 1 }]);
    expect(read().status).toBe('RUNNING');
    expect(engine.answer(token(), { ok: true, output: { a: 2 } })).toBe('ok');
    await settle();
    expect(ending(read())).toEqual({ status: 'SUCCEEDED', output: 2 });
    expect(engine.answer(token(), { ok: true, output: {} })).toBe('TaskTimedOut');
  });

  it('takes a failure, which can be caught by name', async () => {
    const { engine, token, read } = await waiting();
    engine.answer(token(), { ok: false, error: 'Mine', cause: 'why' });
    await settle();
    expect(ending(read())).toEqual({ status: 'FAILED', error: 'Mine', cause: 'why' });
  });

  it('may be answered before the function returns', async () => {
    const { engine, token, read } = await waiting({}, () => new Promise(() => undefined));
    expect(engine.answer(token(), { ok: true, output: 'early' })).toBe('ok');
    await settle();
    expect(ending(read())).toEqual({ status: 'SUCCEEDED', output: 'early' });
  });

  it('is in vain when the function fails; a retry gives another one', async () => {
    const tokens: string[] = [];
    const { clock, engine, read } = await waiting(
      { Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1 }] },
      (payload, call) => {
        tokens.push((payload as { token: string }).token);
        return call === 1 ? failed('E') : ok(null);
      },
    );
    await clock.advance(1_000);
    const [first = '', second = ''] = tokens;
    expect(engine.answer(first, { ok: true, output: 1 })).toBe('TaskTimedOut');
    expect(engine.answer(second, { ok: true, output: 2 })).toBe('ok');
    await settle();
    expect(ending(read())).toEqual({ status: 'SUCCEEDED', output: 2 });
  });

  it('ends with States.Timeout when nobody answers', async () => {
    const { engine, clock, token, read } = await waiting({ TimeoutSeconds: '{% 10 %}' });
    await clock.advance(9_999);
    expect(read().status).toBe('RUNNING');
    await clock.advance(1);
    expect(ending(read())).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(engine.answer(token(), { ok: true, output: 1 })).toBe('TaskTimedOut');
  });

  it('lives by its heartbeats', async () => {
    const { engine, clock, token, read } = await waiting({ HeartbeatSeconds: 10 });
    for (let i = 0; i < 3; i++) {
      await clock.advance(9_000);
      expect(engine.heartbeat(token())).toBe('ok');
      await settle();
    }
    await clock.advance(9_999);
    expect(read().status).toBe('RUNNING');
    await clock.advance(1);
    expect(ending(read())).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' });
    expect(engine.heartbeat(token())).toBe('TaskTimedOut');
  });

  it('is told from one that never was', async () => {
    const { engine } = await waiting();
    const never = Buffer.from('arn:aws:states:us-east-1:000000000000:execution:m:never').toString('base64url');
    expect(engine.answer('nonsense', { ok: true, output: 1 })).toBe('InvalidToken');
    expect(engine.answer(`${never}.x`, { ok: true, output: 1 })).toBe('TaskDoesNotExist');
  });

  it('is void once the execution was stopped', async () => {
    const { engine, token, read } = await waiting();
    engine.stop(read().arn, '', '');
    expect(engine.answer(token(), { ok: true, output: 1 })).toBe('TaskTimedOut');
  });

  it('says nothing about a function that fails after the answer', async () => {
    const late = Promise.withResolvers<Invocation>();
    const { engine, token, read } = await waiting({}, () => late.promise);
    engine.answer(token(), { ok: true, output: 1 });
    await settle();
    late.resolve(failed('E'));
    await settle();
    expect(ending(read())).toEqual({ status: 'SUCCEEDED', output: 1 });
  });
});
