import { expect, it } from 'vitest';
import { Bell } from '#core/work/bell.ts';

/** A bell whose clock says when all that has arrived is taken in, and how often it was heard. */
function world() {
  let takenIn: (() => void) | undefined;
  let heard = 0;
  const bell = new Bell({ now: () => 0, sleep: () => new Promise((resolve) => (takenIn = resolve)) });
  const listen = async (): Promise<void> => {
    for (;;) {
      await bell.wait();
      heard++;
    }
  };
  void listen();
  const turn = async (): Promise<number> => {
    await new Promise(setImmediate);
    takenIn?.();
    await new Promise(setImmediate);
    return heard;
  };
  return { bell, turn };
}

it('is heard once for all rings that come together, and again for one that comes later', async () => {
  const { bell, turn } = world();
  await new Promise(setImmediate);
  bell.ring();
  bell.ring();
  await new Promise(setImmediate);
  // While what has arrived is taken in.
  bell.ring();
  expect(await turn()).toBe(1);
  expect(await turn()).toBe(1);
  bell.ring();
  expect(await turn()).toBe(2);
});

it('is heard by one who listens after the ring', async () => {
  const bell = new Bell({ now: () => 0, sleep: () => Promise.resolve() });
  bell.ring();
  await bell.wait();
  const later = bell.wait();
  bell.ring();
  await later;
});
