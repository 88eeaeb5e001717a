import { expect, it } from 'vitest';
import { clock } from '#lambdas/aws/clock.ts';

it('a sleep of no length ends once what has arrived is taken in', async () => {
  const order: string[] = [];
  setImmediate(() => order.push('arrived'));
  const slept = clock.sleep(0).then(() => order.push('slept'));
  await Promise.resolve();
  expect(order).toEqual([]);
  await slept;
  expect(order).toEqual(['arrived', 'slept']);
});

it('one that is aborted ends at once, however long it is', async () => {
  for (const ms of [0, 60_000]) {
    let isOver = false;
    setImmediate(() => (isOver = true));
    await clock.sleep(ms, AbortSignal.abort());
    expect(isOver).toBe(false);
  }
});
