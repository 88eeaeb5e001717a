/** SDK clients as handlers have them, and emulators that end with the test. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { clock as systemClock } from '#lambdas/aws/clock.ts';
import { Access } from '#local/iam-access.ts';
import { startDynamo } from '#local/dynamo.ts';
import type { Dynamo } from '#local/dynamo.ts';
import { startSqsS3 } from '#local/sqs-s3.ts';
import type { SqsS3 } from '#local/sqs-s3.ts';
import type { VirtualClock } from './virtual-clock.ts';

interface Caller {
  credentials: { accessKeyId: string; secretAccessKey: string };
}
const OWNER: Caller = { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
const settings = (endpoint: string, { credentials }: Caller) => ({
  endpoint,
  region: 'us-east-1',
  credentials,
  maxAttempts: 1,
});
/** For emulators without a template: nobody but the owner of the local world has a key. */
export const ownerGate = new Access({
  account: '000000000000',
  region: 'us-east-1',
  used: () => undefined,
  refused: () => undefined,
}).gate;
const ending = <C extends { destroy(): void }>(client: C): C => {
  onTestFinished(() => client.destroy());
  return client;
};
export const dynamoClient = (endpoint: string, caller = OWNER): DynamoDBClient =>
  ending(new DynamoDBClient(settings(endpoint, caller)));
export const sqsClient = (endpoint: string, caller = OWNER): SQSClient =>
  ending(new SQSClient(settings(endpoint, caller)));
export const s3Client = (endpoint: string, caller = OWNER): S3Client =>
  ending(new S3Client(settings(endpoint, caller)));

/** Emulators that were given a wrong line to log fail the test that made them. */
const log = (line: string): void => {
  throw new Error(line);
};

export async function openDynamo(
  dir: string,
  clock: VirtualClock | typeof systemClock = systemClock,
  gate = ownerGate,
): Promise<Dynamo> {
  const dynamo = await startDynamo({ dir, gate, clock, log });
  onTestFinished(() => dynamo.close());
  return dynamo;
}

export async function openSqsS3(
  dir: string,
  clock: VirtualClock | typeof systemClock = systemClock,
  gate = ownerGate,
): Promise<SqsS3> {
  const sqsS3 = await startSqsS3({ dir, region: 'us-east-1', gate, clock, log });
  onTestFinished(() => sqsS3.close());
  return sqsS3;
}
