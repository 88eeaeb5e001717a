import { expect, it } from 'vitest';
import { offAbort, onAbort } from '../../src/http/aborts.ts';

it('an abort is told once to each that still wants to know, by one listener of the signal', () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  const told: string[] = [];
  const act = (name: string) => (): void => {
    told.push(name);
  };
  const [first, gone, last] = [act('first'), act('gone'), act('last')];
  // Whoever is told takes itself off the list, as an exchange that ends does.
  const leaving = (): void => {
    told.push('leaving');
    offAbort(signal, leaving);
  };
  for (const each of [first, gone, leaving, last]) onAbort(signal, each);
  offAbort(signal, gone);
  expect(told).toEqual([]);
  controller.abort();
  controller.abort();
  expect(told).toEqual(['first', 'leaving', 'last']);
  expect(listeners).toBe(1);
});

it('signals know nothing of each other', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  let told = 0;
  onAbort(one.signal, () => told++);
  other.abort();
  offAbort(other.signal, () => undefined);
  expect(told).toBe(0);
  one.abort();
  expect(told).toBe(1);
});
