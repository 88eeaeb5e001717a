/** `dispatch`: one message for every shard that may start. */
import { dispatch } from '#core/steps/dispatch.ts';
import { dressed, runKeys } from './aws/handler.ts';
import { controlTable, shardQueue, time } from './aws/ports.ts';
import { telling } from './aws/runtime.ts';
import { environment, type PlanInput } from './contract.ts';

const env = environment('dispatch', process.env);
const told = telling(env.GLEANER_STAGE);
const ports = { ...time, ...controlTable(env), ...shardQueue(env) };

export const handler = dressed<PlanInput, { sent: number }>(told, runKeys, (event) => dispatch(ports, event));
