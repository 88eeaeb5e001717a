import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Blobs } from '#storage/blobs.ts';
import { LineObjects } from '#storage/line-objects.ts';

const text = Array.from({ length: 20_000 }, () => `${randomBytes(20).toString('hex')}\n`).join('');

/** A body in small chunks that tells when it has been let go. */
function body(bytes: Buffer, breaksAt = Number.POSITIVE_INFINITY) {
  const state = { open: true };
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < bytes.length; at += 4096) {
        if (at >= breaksAt) throw new Error('broken off');
        yield await Promise.resolve(bytes.subarray(at, at + 4096));
      }
    } finally {
      state.open = false;
    }
  }
  const blobs: Pick<Blobs, 'get'> = { get: () => Promise.resolve(chunks()) };
  return { state, objects: new LineObjects(blobs as Blobs) };
}

const FORMS: [string, Buffer][] = [
  ['plain', Buffer.from(text)],
  ['gzip', gzipSync(text)],
];

it.each(FORMS)('%s: a reader that leaves early lets the body go', async (_name, bytes) => {
  const { state, objects } = body(bytes);
  for await (const line of objects.readLines('k')) {
    expect(line).toHaveLength(40);
    break;
  }
  await turn();
  expect(state.open).toBe(false);
});

it.each(FORMS)('%s: a body that breaks off is an error', async (_name, bytes) => {
  const { state, objects } = body(bytes, 100_000);
  const read = async (): Promise<number> => {
    let count = 0;
    for await (const line of objects.readLines('k')) count += line.length === 40 ? 1 : 0;
    return count;
  };
  await expect(read()).rejects.toThrow('broken off');
  expect(state.open).toBe(false);
});

it('a gzip object that was cut is an error', async () => {
  const { objects } = body(gzipSync(text).subarray(0, 50_000));
  const read = async (): Promise<void> => {
    for await (const line of objects.readLines('k')) expect(line).not.toBe('');
  };
  await expect(read()).rejects.toThrow(/unexpected end of file/);
});
