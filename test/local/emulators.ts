/** SDK clients as handlers have them, and emulators that end with the test. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { onTestFinished } from 'vitest';
import { systemClock } from '#local/clock.ts';
import { startDynamo } from '#local/dynamo.ts';
import type { Dynamo } from '#local/dynamo.ts';
import { startSqsS3 } from '#local/sqs-s3.ts';
import type { SqsS3 } from '#local/sqs-s3.ts';
import type { VirtualClock } from './virtual-clock.ts';

const settings = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  maxAttempts: 1,
});
const ending = <C extends { destroy(): void }>(client: C): C => {
  onTestFinished(() => client.destroy());
  return client;
};
export const dynamoClient = (endpoint: string): DynamoDBClient => ending(new DynamoDBClient(settings(endpoint)));
export const sqsClient = (endpoint: string): SQSClient => ending(new SQSClient(settings(endpoint)));
export const s3Client = (endpoint: string): S3Client => ending(new S3Client(settings(endpoint)));

/** Emulators that were given a wrong line to log fail the test that made them. */
const log = (line: string): void => {
  throw new Error(line);
};

export async function openDynamo(dir: string, clock: VirtualClock | typeof systemClock = systemClock): Promise<Dynamo> {
  const dynamo = await startDynamo({ dir, clock, log });
  onTestFinished(() => dynamo.close());
  return dynamo;
}

export async function openSqsS3(dir: string, clock: VirtualClock | typeof systemClock = systemClock): Promise<SqsS3> {
  const sqsS3 = await startSqsS3({ dir, region: 'us-east-1', clock, log });
  onTestFinished(() => sqsS3.close());
  return sqsS3;
}
