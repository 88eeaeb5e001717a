/** `merge`: the links of a crawl's round as the next round's frontier. */
import { merge } from '#core/steps/merge.ts';
import { charged } from './aws/billing.ts';
import { dressed, runKeys } from './aws/handler.ts';
import { time } from './aws/ports/basics.ts';
import { resultObjects } from './aws/ports/objects.ts';
import { controlTable } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { TRANSITIONS, environment, type MergeOutput, type PlanInput } from './contract.ts';

const env = environment('merge', process.env);
const told = telling(env.GLEANER_STAGE);
const ports = { ...time, ...controlTable(env), ...resultObjects(env) };

export const handler = dressed<PlanInput, MergeOutput>(told, runKeys, (event) =>
  charged({ ...ports, log: told.log }, event, { transitions: TRANSITIONS.merge }, () => merge(ports, event)),
);
