import { expect, it } from 'vitest';
import { Alarm } from '#core/work/alarm.ts';
import { Bell } from '#core/work/bell.ts';
import { VirtualClock } from '../../src/sim/virtual-clock.ts';

/** A clock that counts the timers it is asked for, and when the bell was heard. */
function world() {
  const clock = new VirtualClock(0);
  const bell = new Bell(clock);
  const sleeps: number[] = [];
  const counting = {
    now: () => clock.now(),
    sleep: (ms: number, signal?: AbortSignal) => {
      sleeps.push(ms);
      return clock.sleep(ms, signal);
    },
  };
  const heard: number[] = [];
  const listen = async (): Promise<void> => {
    for (;;) {
      await bell.wait();
      heard.push(clock.now());
    }
  };
  void listen();
  const run = async (): Promise<void> => {
    // Each ring is heard before time goes on.
    while (clock.next()) await new Promise(setImmediate);
  };
  return { run, alarm: new Alarm(counting, bell), sleeps, heard };
}

it('rings at the earliest time that was asked for, by one timer for all that are no earlier', async () => {
  const { run, alarm, sleeps, heard } = world();
  alarm.set(100);
  alarm.set(150);
  alarm.set(100);
  alarm.set(40);
  await run();
  expect(heard).toEqual([40]);
  expect(sleeps).toEqual([100, 40]);
});

it('is set anew once it has rung, and silent once it is unset', async () => {
  const { run, alarm, heard } = world();
  alarm.set(10);
  await run();
  alarm.set(30);
  await run();
  alarm.set(60);
  alarm.unset();
  await run();
  expect(heard).toEqual([10, 30]);
});
