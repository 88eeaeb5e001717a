/** What the scenarios of `exercise.ts` share: the stack, a client of its API, its owner, an origin, and ways to wait. */
import type { Client } from '#cli/client.ts';
import type { JsonObject } from '#core/json.ts';
import type { RunView } from '#core/operations.ts';
import type { RunRow } from '#core/rows.ts';
import type { EmbeddedStack } from '#local/embedded.ts';
import type { Origin } from '#support/origin.ts';
import { startGate, type Gate } from './gate.ts';
import type { Owner } from './owner.ts';

export const LIST_BUCKET = 'gleaner-lists';
export const LOOK_MS = 250;

export interface Rig {
  stack: EmbeddedStack;
  owner: Owner;
  client: Client;
  origin: Origin;
  dir: string;
  gates: Gate[];
  /** Has this action been allowed to the role whose logical id starts so? */
  used: (holder: string, action: string) => boolean;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export function must(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

export const task = (name: string, source: JsonObject, more: JsonObject = {}): JsonObject => ({
  name,
  source,
  extract: { format: 'html', fields: { title: 'title' } },
  pace: { requestsPerSecond: 100, concurrency: 4 },
  retry: { attempts: 1 },
  ...more,
});

export async function until(client: Client, id: string, reached: (run: RunView) => boolean): Promise<RunView> {
  for (;;) {
    const run = await client.getRun(id);
    if (reached(run)) return run;
    await pause(LOOK_MS);
  }
}
export async function changed(owner: Owner, id: string, into: (run: RunRow) => boolean): Promise<RunRow> {
  for (;;) {
    const run = await owner.run(id);
    if (into(run)) return run;
    await pause(LOOK_MS);
  }
}
export async function ended(client: Client, id: string, state: RunView['state']): Promise<RunView> {
  const run = await until(client, id, ({ finishedAt }) => finishedAt !== undefined);
  must(`the end of ${run.taskId}`, run.state, state);
  return run;
}

export async function opened({ gates }: Rig): Promise<Gate> {
  const gate = await startGate();
  gates.push(gate);
  return gate;
}
