/** Ids of what requests create. */
import { timeId } from '../names.ts';
import type { Context } from '../context.ts';
import type { Once } from '../operations.ts';

export type IdPorts = Pick<Context, 'clock'> & {
  /** n random bytes. */
  randomBytes: (n: number) => Uint8Array;
};

/** A new id; for a request with an idempotency key the same one every time it is tried. */
export const idOf = (ports: IdPorts, once: Once | undefined): string =>
  once === undefined
    ? timeId(ports.clock.now(), ports.randomBytes(10))
    : timeId(once.at, Buffer.from(once.seed, 'hex').subarray(0, 10));
