/** The process dies and another takes over the journal. Dying: its clock stops, and nothing of it is ever closed. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#core/json.ts';
import type { Invocation } from '#local/lambda.ts';
import { definition, ending, failed, INVOKE, ok, rig, task } from './machine.ts';
import type { Fn } from './machine.ts';
import { tempDir } from './fixture.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

const START = Date.UTC(2026, 0, 1);
const never: Fn = () => new Promise<Invocation>(() => undefined);

/** Two lives over one journal; the second begins when told, at its own time. */
function lives(machine: JsonObject) {
  const file = join(tempDir(), 'states.db');
  return {
    first: (fn?: Fn) => rig(machine, fn, { file, clock: new VirtualClock(START) }),
    second: async (atMs: number, fn?: Fn, changed: JsonObject = machine) => {
      const r = rig(changed, fn, { file, clock: new VirtualClock(START + atMs) });
      await settle();
      return r;
    },
  };
}
const tokenMachine = (more: JsonObject = {}): JsonObject =>
  definition({
    T: task({
      Resource: `${INVOKE}.waitForTaskToken`,
      Arguments: { FunctionName: 'f', Payload: { token: '{% $states.context.Task.Token %}' } },
      ...more,
    }),
  });

describe('after the process died', () => {
  it('a state that was being played is entered again, with its input and variables', async () => {
    const { first, second } = lives(
      definition({
        A: { Type: 'Pass', Assign: { v: 7 }, Output: { n: 1 }, Next: 'T' },
        T: task({ Output: '{% [$v, $states.input.n, $states.result.Payload] %}' }),
      }),
    );
    const before = first(never);
    await before.start();
    const after = await second(1_000, () => ok('again'));
    expect(before.calls).toEqual([{ n: 1 }]);
    expect(after.calls).toEqual([{ n: 1 }]);
    expect(ending(after.read())).toEqual({ status: 'SUCCEEDED', output: [7, 1, 'again'] });
  });

  it('a wait keeps its deadline', async () => {
    const { first, second } = lives(definition({ W: { Type: 'Wait', Seconds: 100, End: true } }));
    await first().start();
    const after = await second(60_000);
    await after.clock.advance(39_999);
    expect(after.read().status).toBe('RUNNING');
    await after.clock.advance(1);
    expect(after.read().status).toBe('SUCCEEDED');
  });

  it('a wait that ended meanwhile is over at once', async () => {
    const { first, second } = lives(definition({ W: { Type: 'Wait', Seconds: 100, End: true } }));
    await first().start();
    expect((await second(200_000)).read().status).toBe('SUCCEEDED');
  });

  it('a token stays valid, keeps its deadline, and the function is not called again', async () => {
    const { first, second } = lives(tokenMachine({ TimeoutSeconds: 100 }));
    const before = first(() => ok(null));
    await before.start();
    const after = await second(90_000);
    expect(after.calls).toEqual([]);
    expect(after.engine.answer(before.token(), { ok: true, output: 'late' })).toBe('ok');
    await settle();
    expect(ending(after.read())).toEqual({ status: 'SUCCEEDED', output: 'late' });
  });

  it('a token whose time ran out meanwhile times out', async () => {
    const { first, second } = lives(tokenMachine({ TimeoutSeconds: 100 }));
    await first(() => ok(null)).start();
    expect(ending((await second(100_000)).read())).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it('a function that had not returned is called again with the same token', async () => {
    const { first, second } = lives(tokenMachine());
    const before = first(never);
    await before.start();
    const after = await second(1_000, () => ok(null));
    expect(after.calls).toEqual(before.calls);
    expect(after.engine.answer(before.token(), { ok: true, output: 1 })).toBe('ok');
  });

  it('an answer that was taken counts', async () => {
    const { first, second } = lives(tokenMachine());
    const before = first(() => ok(null));
    await before.start();
    before.engine.answer(before.token(), { ok: true, output: 'taken' });
    // The process dies here, before the execution could move on.
    expect(before.read().status).toBe('RUNNING');
    const after = await second(1_000);
    expect(ending(after.read())).toEqual({ status: 'SUCCEEDED', output: 'taken' });
  });

  it('retries keep their count and their time', async () => {
    const { first, second } = lives(
      definition({ T: task({ Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 10, BackoffRate: 1, MaxAttempts: 2 }] }) }),
    );
    const before = first(() => failed('E'));
    await before.start();
    await before.clock.advance(10_000);
    expect(before.calls).toHaveLength(2);
    const after = await second(15_000, () => failed('E'));
    expect(after.calls).toHaveLength(0);
    await after.clock.advance(5_000);
    expect(after.calls).toHaveLength(1);
    expect(after.read().status).toBe('FAILED');
  });

  it('the time-out of the machine counts from the first start', async () => {
    const { first, second } = lives(
      definition({ W: { Type: 'Wait', Seconds: 1_000, End: true } }, { TimeoutSeconds: 100 }),
    );
    await first().start();
    const after = await second(99_000);
    await after.clock.advance(1_000);
    expect(after.read().status).toBe('TIMED_OUT');
  });

  it('an execution whose state is gone from the template fails and says so', async () => {
    const { first, second } = lives(definition({ W: { Type: 'Wait', Seconds: 100, End: true } }));
    await first().start();
    const after = await second(1_000, undefined, definition({ Other: { Type: 'Succeed' } }));
    expect(ending(after.read())).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'state W is not in the template any more',
    });
  });

  it('ended executions are remembered for 90 days', async () => {
    const { first, second } = lives(definition({ S: { Type: 'Succeed' } }));
    const before = first();
    await before.start();
    const day = 86_400_000;
    expect((await second(89 * day)).read().status).toBe('SUCCEEDED');
    const later = await second(91 * day);
    expect(() => later.read()).toThrow('no execution');
  });
});

it('nothing of a closed engine changes the journal', async () => {
  const { first, second } = lives(definition({ T: task() }));
  const slow = Promise.withResolvers<Invocation>();
  const before = first(() => slow.promise);
  await before.start();
  before.engine.close();
  slow.resolve(failed('Runtime.ExitError'));
  await settle();
  const after = await second(1_000, () => ok(1));
  expect(after.read().status).toBe('SUCCEEDED');
});
