/**
 * Who may do what: every action and resource by name, one list per function, so that a handler's reach is read in one
 * place. What is not here (scans, transactions, reading the queue's other attributes, …) no function may do.
 */
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { DUE_INDEX, type FunctionName, LIST_INDEX } from '../lambdas/contract.ts';
import { allow } from './handler-function.ts';
import type { Events } from './event-bus.ts';
import { OBJECTS_PATTERN } from './results-bucket.ts';
import type { TaskSchedules } from './task-schedules.ts';

/** What functions act on. */
export interface Surroundings {
  readonly control: TableV2;
  readonly pace: TableV2;
  readonly bucket: Bucket;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly signingSecret: Secret;
  /** Pattern of the secrets that tenants make. */
  readonly tenantSecretsArn: string;
  readonly schedules: TaskSchedules;
  readonly events: Events;
  /** Pattern of what the operator's application in AppConfig gives out. */
  readonly operatorConfigArn: string;
  readonly machineArn: string;
  /** Pattern of the machine's executions. */
  readonly executionsArn: string;
  /** ARNs of the buckets that `list: s3://…` may name. */
  readonly listBucketArns: readonly string[];
  /** Whom mail is from, and the identity in SES that allows it. */
  readonly mail: { readonly from: string; readonly identityArn: string } | undefined;
}

const READ_UPDATE = ['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:Query'];

const control = (s: Surroundings, ...more: ('dynamodb:PutItem' | 'dynamodb:DeleteItem')[]): PolicyStatement =>
  allow([...READ_UPDATE, ...more], [s.control.tableArn]);
const index = (s: Surroundings, name: string): PolicyStatement =>
  allow(['dynamodb:Query'], [`${s.control.tableArn}/index/${name}`]);
const pace = (s: Surroundings, ...more: 'dynamodb:PutItem'[]): PolicyStatement =>
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem', ...more], [s.pace.tableArn]);

const objects = (s: Surroundings, ...actions: string[]): PolicyStatement =>
  allow(actions, [s.bucket.arnForObjects(OBJECTS_PATTERN)]);
/**
 * Makes S3 answer 404 for a missing key; without the right to list it answers 403, and "missing" could not be told from
 * "forbidden". No condition on `s3:prefix`: reading an object carries no prefix, so such a condition would never hold.
 */
const tellMissing = (...bucketArns: string[]): PolicyStatement => allow(['s3:ListBucket'], bucketArns);
/** Names of objects, for what nothing names any more; below the tenants' prefix only, so not of the whole bucket. */
const findObjects = (s: Surroundings): PolicyStatement => {
  const list = allow(['s3:ListBucket'], [s.bucket.bucketArn]);
  list.addCondition('StringLike', { 's3:prefix': OBJECTS_PATTERN });
  return list;
};
/** Objects by stream: large ones go up in parts, and what fails half-way must not stay. */
const streams = (s: Surroundings): PolicyStatement =>
  objects(s, 's3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload');
const lists = ({ listBucketArns: arns }: Surroundings): PolicyStatement[] =>
  arns.length === 0
    ? []
    : [
        allow(
          ['s3:GetObject'],
          arns.map((arn) => `${arn}/*`),
        ),
        tellMissing(...arns),
      ];

const send = (s: Surroundings): PolicyStatement => allow(['sqs:SendMessage'], [s.queue.queueArn]);
/** What Lambda asks for to poll in the function's name. */
const receive = (s: Surroundings): PolicyStatement =>
  allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [s.queue.queueArn]);

/** Dead messages are turned into rows and dropped. */
const bury = (s: Surroundings): PolicyStatement =>
  allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage'], [s.deadLetters.queueArn]);
const sign = (s: Surroundings): PolicyStatement =>
  allow(['secretsmanager:GetSecretValue'], [s.signingSecret.secretArn]);

/** By the prefix of the stage: which tenant's it may be is for core/names to say. */
const keepSecrets = (s: Surroundings): PolicyStatement =>
  allow(
    ['secretsmanager:CreateSecret', 'secretsmanager:PutSecretValue', 'secretsmanager:DeleteSecret'],
    [s.tenantSecretsArn],
  );
const useSecrets = (s: Surroundings): PolicyStatement => allow(['secretsmanager:GetSecretValue'], [s.tenantSecretsArn]);
const signWebhooks = (s: Surroundings): PolicyStatement =>
  allow(['secretsmanager:GetSecretValue'], [s.events.webhookSecret.secretArn]);
const tell = (s: Surroundings): PolicyStatement => allow(['events:PutEvents'], [s.events.bus.eventBusArn]);
/** From one address of the identity, not from all that it would allow. */
const mail = ({ mail: sender }: Surroundings): PolicyStatement[] => {
  if (sender === undefined) return [];
  const write = allow(['ses:SendEmail'], [sender.identityArn]);
  write.addCondition('StringEquals', { 'ses:FromAddress': sender.from });
  return [write];
};
const unschedule = (s: Surroundings): PolicyStatement =>
  allow(['scheduler:DeleteSchedule'], [s.schedules.schedulesArn]);
/** Whoever makes a schedule hands Scheduler the role that it calls as, and may hand it no other and to nobody else. */
const schedule = (s: Surroundings): PolicyStatement[] => {
  const pass = allow(['iam:PassRole'], [s.schedules.role.roleArn]);
  pass.addCondition('StringEquals', { 'iam:PassedToService': 'scheduler.amazonaws.com' });
  const make = allow(['scheduler:CreateSchedule', 'scheduler:UpdateSchedule'], [s.schedules.schedulesArn]);
  return [make, unschedule(s), pass];
};

const obey = (s: Surroundings): PolicyStatement =>
  allow(['appconfig:StartConfigurationSession', 'appconfig:GetLatestConfiguration'], [s.operatorConfigArn]);

const start = (s: Surroundings): PolicyStatement => allow(['states:StartExecution'], [s.machineArn]);
const watch = (s: Surroundings): PolicyStatement => allow(['states:DescribeExecution'], [s.executionsArn]);
/**
 * The service authorization reference names no resource type for this action, yet Step Functions does check it against
 * the state machine whose task waits (its refusals say so, and CDK's own grant uses that ARN).
 */
const wake = (s: Surroundings): PolicyStatement => allow(['states:SendTaskSuccess'], [s.machineArn]);

export const RIGHTS: { readonly [F in FunctionName]: (s: Surroundings) => PolicyStatement[] } = {
  // A signed URL can do what its signer may: `api` reads and writes objects so that its callers can, for an hour.
  api: (s) => [
    control(s, 'dynamodb:PutItem', 'dynamodb:DeleteItem'),
    index(s, LIST_INDEX.name),
    pace(s),
    objects(s, 's3:GetObject', 's3:PutObject'),
    // Written and deleted, never read: no answer of the API can hold a value.
    keepSecrets(s),
    obey(s),
    send(s),
    start(s),
    wake(s),
    signWebhooks(s),
    ...schedule(s),
  ],
  // Others read only what a row has named, and that it is missing is a failure like any other.
  plan: (s) => [
    control(s, 'dynamodb:PutItem'),
    pace(s),
    streams(s),
    // What it put aside between its passes.
    objects(s, 's3:DeleteObject'),
    tellMissing(s.bucket.bucketArn),
    ...lists(s),
    useSecrets(s),
  ],
  dispatch: (s) => [control(s, 'dynamodb:PutItem'), send(s)],
  await: (s) => [control(s), wake(s)],
  merge: (s) => [control(s, 'dynamodb:PutItem'), streams(s)],
  finish: (s) => [control(s, 'dynamodb:PutItem', 'dynamodb:DeleteItem'), streams(s), start(s), sign(s)],
  sweep: (s) => [
    control(s, 'dynamodb:PutItem', 'dynamodb:DeleteItem'),
    index(s, DUE_INDEX.name),
    objects(s, 's3:DeleteObject'),
    findObjects(s),
    obey(s),
    send(s),
    bury(s),
    start(s),
    watch(s),
    wake(s),
    ...schedule(s),
  ],
  work: (s) => [
    control(s, 'dynamodb:PutItem', 'dynamodb:DeleteItem'),
    pace(s, 'dynamodb:PutItem'),
    streams(s),
    useSecrets(s),
    obey(s),
    send(s),
    receive(s),
    wake(s),
  ],
  notify: (s) => [
    allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [s.control.tableArn]),
    index(s, DUE_INDEX.name),
    signWebhooks(s),
    tell(s),
    ...mail(s),
  ],
  fire: (s) => [control(s, 'dynamodb:PutItem', 'dynamodb:DeleteItem'), obey(s), start(s), unschedule(s)],
};

/** The resource patterns above that end in a wildcard, each with the reason why it must. Any other is a finding. */
export const patterns = (s: Surroundings): { arn: string; reason: string }[] => [
  {
    arn: s.bucket.arnForObjects(OBJECTS_PATTERN),
    reason:
      'Objects of all tenants: functions serve every tenant, and every key is built from the tenant by core/names.',
  },
  { arn: s.tenantSecretsArn, reason: 'Secrets of all tenants of this stage: they are made and deleted by API.' },
  { arn: s.schedules.schedulesArn, reason: 'Schedules of this one group: each scheduled task has its own.' },
  { arn: s.operatorConfigArn, reason: 'Of one application, which holds one document and one environment.' },
  { arn: s.executionsArn, reason: 'Executions of this one machine: each run has its own.' },
  ...s.listBucketArns.map((arn) => ({ arn: `${arn}/*`, reason: 'A bucket that the operator opened for lists.' })),
];
