/** `sweep`: every minute, what waits in vain is sent on. */
import { sweep, type SweepAnswer } from '#core/steps/sweep.ts';
import { dressed } from './aws/handler.ts';
import { randomness, time, workersMax } from './aws/ports/basics.ts';
import { runMachine } from './aws/ports/machine.ts';
import { resultObjects } from './aws/ports/objects.ts';
import { deadMessages, shardQueue } from './aws/ports/queues.ts';
import { schedules } from './aws/ports/schedules.ts';
import { switches } from './aws/ports/switches.ts';
import { controlTable } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { environment } from './contract.ts';

const env = environment('sweep', process.env);
const told = telling(env.GLEANER_STAGE);
const control = controlTable(env);
const ports = {
  region: env.GLEANER_REGION,
  workersMax: workersMax(env),
  ...time,
  ...control,
  ...switches(env, { ...control, log: told.log }),
  ...resultObjects(env),
  ...shardQueue(env),
  ...deadMessages(env),
  ...runMachine(env),
  ...schedules(env),
  ...randomness,
  log: told.log,
  meter: told.meter,
};

export const handler = dressed<unknown, SweepAnswer>(
  told,
  () => ({}),
  () => sweep(ports),
);
