/** `await`: notes the token that waits for a round. */
import { awaitRound } from '#core/steps/await.ts';
import { charged } from './aws/billing.ts';
import { dressed, runKeys } from './aws/handler.ts';
import { time } from './aws/ports/basics.ts';
import { runMachine } from './aws/ports/machine.ts';
import { controlTable } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { TRANSITIONS, environment, type AwaitInput } from './contract.ts';

const env = environment('await', process.env);
const told = telling(env.GLEANER_STAGE);
const ports = { ...time, ...controlTable(env), ...runMachine(env) };

export const handler = dressed<AwaitInput, void>(told, runKeys, (event) =>
  charged({ ...ports, log: told.log }, event, { transitions: TRANSITIONS.await }, () => awaitRound(ports, event)),
);
