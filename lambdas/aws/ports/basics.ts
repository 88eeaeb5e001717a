/** What every function has, and numbers and names from its environment. */
import { randomBytes } from 'node:crypto';
import { clock } from '../clock.ts';
import { chance } from '../runtime.ts';

export const time = { clock, chance };
export const randomness = { randomBytes: (n: number): Uint8Array => randomBytes(n) };

export const listBuckets = (env: { LIST_BUCKETS: string }): string[] =>
  env.LIST_BUCKETS.split(',').filter((bucket) => bucket !== '');
/** @throws when it is no whole number from 1: a planner must not guess. */
export function workersMax(env: { WORKERS_MAX: string }): number {
  const n = Number(env.WORKERS_MAX);
  if (!Number.isInteger(n) || n < 1)
    throw new RangeError(`WORKERS_MAX: expected a whole number from 1, got ${env.WORKERS_MAX}`);
  return n;
}
