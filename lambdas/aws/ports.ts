/** The ports of a function on AWS, from its environment. Called once, when the sandbox starts. */
import { randomBytes } from 'node:crypto';
import { LineObjects } from '#storage/line-objects.ts';
import type { Context } from '#core/context.ts';
import { switchBoard } from '#core/switches.ts';
import { AppConfigOperator } from './operator-config.ts';
import { billing } from './billing.ts';
import type { ScheduleEnvironment } from '../contract.ts';
import { S3Blobs } from './blobs.ts';
import {
  appConfigClient,
  dynamoClient,
  eventBridgeClient,
  s3Client,
  schedulerClient,
  secretsClient,
  sfnClient,
  sqsClient,
} from './clients.ts';
import { SqsDeadMessages } from './dead-messages.ts';
import { StepFunctionsOrchestrator } from './orchestrator.ts';
import { SqsShardQueue } from './queue.ts';
import { chance, clock } from './runtime.ts';
import { secretsPrefix } from '../contract.ts';
import { ManagedSecrets } from './secrets.ts';
import { ScheduleRemoval, SchedulerSchedules } from './schedules.ts';
import { EventBridgeBus } from './event-bus.ts';
import { SecretSigner } from './signer.ts';
import { StageSecret, webhookKeysOf } from './stage-secret.ts';
import { DynamoTable } from './table.ts';

export const time = { clock, chance };
export const randomness = { randomBytes: (n: number): Uint8Array => randomBytes(n) };

export function tables(env: { CONTROL_TABLE: string; PACE_TABLE: string }): Pick<Context, 'table' | 'pace'> {
  const client = billing.watch(dynamoClient());
  return { table: new DynamoTable(client, env.CONTROL_TABLE), pace: new DynamoTable(client, env.PACE_TABLE) };
}
export const controlTable = (env: { CONTROL_TABLE: string }): Pick<Context, 'table'> => ({
  table: new DynamoTable(billing.watch(dynamoClient()), env.CONTROL_TABLE),
});
export const resultObjects = (env: { RESULTS_BUCKET: string }): Pick<Context, 'objects'> => ({
  objects: new LineObjects(new S3Blobs(billing.watch(s3Client()), env.RESULTS_BUCKET)),
});
export const shardQueue = (env: { SHARD_QUEUE_URL: string }): Pick<Context, 'queue'> => ({
  queue: new SqsShardQueue(billing.watch(sqsClient()), env.SHARD_QUEUE_URL, clock, chance),
});
export const deadMessages = (env: { DEAD_LETTER_QUEUE_URL: string }): Pick<Context, 'deadMessages'> => ({
  deadMessages: new SqsDeadMessages(sqsClient(), env.DEAD_LETTER_QUEUE_URL),
});
export const signer = (env: { SIGNING_SECRET_ARN: string }): Pick<Context, 'signer'> => ({
  signer: new SecretSigner(secretsClient(), env.SIGNING_SECRET_ARN),
});
export const tenantSecrets = (env: { GLEANER_STAGE: string }): Pick<Context, 'secrets'> => ({
  secrets: new ManagedSecrets(secretsClient(), secretsPrefix(env.GLEANER_STAGE), clock),
});
export const runMachine = (env: { RUN_MACHINE_ARN: string }): Pick<Context, 'orchestrator'> => ({
  orchestrator: new StepFunctionsOrchestrator(sfnClient(), env.RUN_MACHINE_ARN),
});
export const eventBus = (env: { EVENT_BUS: string }): Pick<Context, 'events'> => ({
  events: new EventBridgeBus(eventBridgeClient(), env.EVENT_BUS),
});
export const webhookKeys = (env: { WEBHOOK_SECRET_ARN: string }): Pick<Context, 'webhookKeys'> => ({
  webhookKeys: webhookKeysOf(new StageSecret(secretsClient(), env.WEBHOOK_SECRET_ARN, 'the webhook secret')),
});
export const schedules = (env: ScheduleEnvironment): Pick<Context, 'schedules'> => ({
  schedules: new SchedulerSchedules(schedulerClient(), env.SCHEDULE_GROUP, {
    functionArn: env.FIRE_FUNCTION_ARN,
    roleArn: env.SCHEDULE_ROLE_ARN,
    deadLetterArn: env.SCHEDULE_DEAD_LETTERS_ARN,
  }),
});
export const scheduleRemoval = (env: { SCHEDULE_GROUP: string }): { schedules: ScheduleRemoval } => ({
  schedules: new ScheduleRemoval(schedulerClient(), env.SCHEDULE_GROUP),
});
/** Of a function that has the control table. */
export const switches = (
  env: { OPERATOR_CONFIG: string },
  ports: Pick<Context, 'table' | 'log'>,
): Pick<Context, 'switches'> => ({
  switches: switchBoard({ ...ports, clock, operator: new AppConfigOperator(appConfigClient(), env.OPERATOR_CONFIG) }),
});
export const listBuckets = (env: { LIST_BUCKETS: string }): string[] =>
  env.LIST_BUCKETS.split(',').filter((bucket) => bucket !== '');
/** @throws when it is no whole number from 1: a planner must not guess. */
export function workersMax(env: { WORKERS_MAX: string }): number {
  const n = Number(env.WORKERS_MAX);
  if (!Number.isInteger(n) || n < 1)
    throw new RangeError(`WORKERS_MAX: expected a whole number from 1, got ${env.WORKERS_MAX}`);
  return n;
}
