import { expect, test } from 'vitest';
import { letGo } from '#core/work/long-body.ts';

test.each<[what: string, body: Uint8Array, left: number]>([
  ['a long body is gone', new Uint8Array(2 ** 15), 0],
  ['a short one is left alone', new Uint8Array(2 ** 15 - 1), 2 ** 15 - 1],
  ['and so is one whose memory is shared', new Uint8Array(2 ** 21).subarray(0, 2 ** 20), 2 ** 20],
])('%s', (_what, body, left) => {
  letGo(body);
  expect(body.byteLength).toBe(left);
});
