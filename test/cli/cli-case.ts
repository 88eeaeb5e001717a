/** What tests of whole commands share: a fake API for each test, and surroundings that know it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Embedded } from '#cli/embedded.ts';
import { KEY, startFakeApi, type FakeApi } from './fake-api.ts';
import { fakeSurroundings, type FakeSurroundings } from './fake-surroundings.ts';
import { goodTree } from './results-tree.ts';

export let api: FakeApi;
beforeEach(async () => {
  api = await startFakeApi();
  api.tree = goodTree();
});
afterEach(() => api.close());

const TASK = 'name: shop\nsource:\n  urls: ["http://shop.example/"]\n';

/** Surroundings that know the fake API, with a task file in their directory. */
export function around(changes: Parameters<typeof fakeSurroundings>[0] = {}): FakeSurroundings {
  const made = fakeSurroundings({ env: { GLEANER_API: api.url, GLEANER_KEY: KEY }, ...changes });
  writeFileSync(path.join(made.cwd, 'task.yaml'), TASK);
  return made;
}
/** An embedded stack that serves the fake API and notes its end. */
export const embeddedOn = (url: string, closed: string[]): Embedded => ({
  apiUrl: url,
  key: KEY,
  close: () => {
    closed.push('closed');
    return Promise.resolve();
  },
});
/** Method and path of every request so far. */
export const asked = (): string[] => api.seen.map(({ method, path: where }) => `${method} ${where}`);

export async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns > 100_000) throw new Error('it did not come to pass');
    await new Promise(setImmediate);
  }
}
