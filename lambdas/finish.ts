/** `finish`: every target gets its end, the run its manifest. */
import { finish } from '#core/steps/finish.ts';
import { charged } from './aws/billing.ts';
import { dressed, runKeys } from './aws/handler.ts';
import { time } from './aws/ports/basics.ts';
import { runMachine } from './aws/ports/machine.ts';
import { resultObjects } from './aws/ports/objects.ts';
import { signer } from './aws/ports/secrets.ts';
import { controlTable } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { TRANSITIONS, environment, type FinishInput, type FinishOutput } from './contract.ts';

const env = environment('finish', process.env);
const told = telling(env.GLEANER_STAGE);
const ports = {
  region: env.GLEANER_REGION,
  ...time,
  ...controlTable(env),
  ...resultObjects(env),
  ...runMachine(env),
  ...signer(env),
  log: told.log,
  meter: told.meter,
};

export const handler = dressed<FinishInput, FinishOutput>(told, runKeys, (event) =>
  charged({ ...ports, log: told.log }, event, { transitions: TRANSITIONS.finish }, () => finish(ports, event)),
);
