import { expect, test } from 'vitest';
import { letGo, letGoOfBody } from '#core/work/long-body.ts';

test.each<[what: string, body: Uint8Array, left: number]>([
  ['a long body is gone', new Uint8Array(2 ** 15), 0],
  ['a short one is left alone', new Uint8Array(2 ** 15 - 1), 2 ** 15 - 1],
  ['and so is one whose memory is shared', new Uint8Array(2 ** 21).subarray(0, 2 ** 20), 2 ** 20],
])('%s', (_what, body, left) => {
  letGo(body);
  expect(body.byteLength).toBe(left);
});

test.each<[what: string, body: Uint8Array, left: number]>([
  ['a body with its headers before it is gone', new Uint8Array(2 ** 13).subarray(300), 0],
  ['a short one is left alone', new Uint8Array(2 ** 12 - 1), 2 ** 12 - 1],
  ['and so is a piece of the pool', Buffer.from('x'.repeat(Buffer.poolSize / 2 - 8)), Buffer.poolSize / 2 - 8],
  ['and one of two in the same memory', new Uint8Array(2 ** 21).subarray(0, 2 ** 20), 2 ** 20],
])('%s', (_what, body, left) => {
  letGoOfBody(body);
  expect(body.byteLength).toBe(left);
});
