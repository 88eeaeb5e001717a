/** `dispatch`: one message for every shard that may start. */
import { dispatch } from '#core/steps/dispatch.ts';
import { charged } from './aws/billing.ts';
import { dressed, runKeys } from './aws/handler.ts';
import { time, workersMax } from './aws/ports/basics.ts';
import { shardQueue } from './aws/ports/queues.ts';
import { controlTable } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { TRANSITIONS, environment, type PlanInput } from './contract.ts';

const env = environment('dispatch', process.env);
const told = telling(env.GLEANER_STAGE);
const ports = {
  region: env.GLEANER_REGION,
  workersMax: workersMax(env),
  ...time,
  ...controlTable(env),
  ...shardQueue(env),
};

export const handler = dressed<PlanInput, { sent: number }>(told, runKeys, (event) =>
  charged({ ...ports, log: told.log }, event, { transitions: TRANSITIONS.dispatch }, () => dispatch(ports, event)),
);
