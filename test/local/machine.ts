/** A state machine under test: virtual time, a function that is a table of answers, a journal that outlives engines. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Json, JsonObject } from '#core/json.ts';
import type { Invocation } from '#local/lambda.ts';
import { readMachine } from '#local/states-definition.ts';
import { Journal } from '#local/states-journal.ts';
import type { Execution } from '#local/states-journal.ts';
import { Engine } from '#local/states.ts';
import { tempDir } from './fixture.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

export const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:m';
export const INVOKE = 'arn:aws:states:::lambda:invoke';
export const ok = (value: Json): Invocation => ({ kind: 'ok', payload: JSON.stringify(value) });
export const failed = (errorType: string, errorMessage = ''): Invocation => ({
  kind: 'functionError',
  error: { errorType, errorMessage },
});

export const definition = (states: JsonObject, more: JsonObject = {}): JsonObject => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
  ...more,
});
export const task = (more: JsonObject = {}): JsonObject => ({
  Type: 'Task',
  Resource: INVOKE,
  Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
  ...(more['Next'] === undefined ? { End: true } : {}),
  ...more,
});

export type Fn = (payload: Json, call: number, functionName: string) => Invocation | Promise<Invocation>;

export interface Rig {
  engine: Engine;
  clock: VirtualClock;
  calls: Json[];
  /** Starts `run` (or `name`) and lets everything go on that waits for nothing. */
  start(input?: Json, name?: string): Promise<Execution>;
  read(name?: string): Execution;
  /** The token that the function got last, as `payload.token`. */
  token(): string;
}

export function rig(
  machine: JsonObject,
  fn: Fn = (payload) => ok(payload),
  options: { file?: string; clock?: VirtualClock; chance?: number } = {},
): Rig {
  const clock = options.clock ?? new VirtualClock();
  const journal = new Journal(options.file ?? join(tempDir(), 'states.db'), clock.now());
  const calls: Json[] = [];
  const engine = new Engine({
    machines: new Map([[MACHINE, readMachine('m', machine)]]),
    journal,
    clock,
    chance: () => options.chance ?? 0.5,
    log: () => undefined,
    invoke: async (functionName, payload) => fn(payload, calls.push(payload), functionName),
  });
  onTestFinished(() => {
    engine.close();
    journal.close();
  });
  const read = (name = 'run'): Execution => {
    const execution = engine.read(`${MACHINE.replace('stateMachine', 'execution')}:${name}`);
    if (execution === undefined) throw new Error(`no execution ${name}`);
    return execution;
  };
  return {
    engine,
    clock,
    calls,
    read,
    async start(input = {}, name = 'run') {
      const started = engine.start(MACHINE, name, JSON.stringify(input));
      if (started.kind !== 'started') throw new Error(started.kind);
      await settle();
      return read(name);
    },
    token() {
      const payload = calls.at(-1) as { token: string };
      return payload.token;
    },
  };
}

/** What an ended execution shows, parsed. */
export const ending = ({ status, output, error, cause }: Execution): JsonObject => ({
  status,
  ...(output === null ? { error, cause } : { output: JSON.parse(output) as Json }),
});
