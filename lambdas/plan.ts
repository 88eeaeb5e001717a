/** `plan`: one round's source as shards. */
import { plan } from '#core/steps/plan.ts';
import { charged } from './aws/billing.ts';
import { dressed, runKeys } from './aws/handler.ts';
import { listBuckets, time, workersMax } from './aws/ports/basics.ts';
import { resultObjects } from './aws/ports/objects.ts';
import { tenantSecrets } from './aws/ports/secrets.ts';
import { tables } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { outgoing, sitemaps } from './aws/web.ts';
import { TRANSITIONS, environment, type PlanInput, type PlanOutput } from './contract.ts';

const env = environment('plan', process.env);
const told = telling(env.GLEANER_STAGE);
const ports = {
  region: env.GLEANER_REGION,
  ...time,
  ...tables(env),
  ...resultObjects(env),
  ...tenantSecrets(env),
  ...outgoing(process.env),
  ...sitemaps,
  log: told.log,
  meter: told.meter,
  listBuckets: listBuckets(env),
  workersMax: workersMax(env),
  resultsBucket: env.RESULTS_BUCKET,
};

export const handler = dressed<PlanInput, PlanOutput>(told, runKeys, (event) =>
  charged({ ...ports, log: told.log }, event, { transitions: TRANSITIONS.plan }, () => plan(ports, event)),
);
