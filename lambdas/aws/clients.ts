/**
 * SDK clients with bounded patience: every call has time-outs for connecting, for the answer and for a connection gone
 * silent, and at most four attempts with jitter (the SDK's standard retry), after which the error is the caller's. Built
 * once per sandbox.
 */
import { AppConfigDataClient } from '@aws-sdk/client-appconfigdata';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';

const ATTEMPTS_MAX = 4;

/** @param silenceMs without a byte either way, also in the middle of a body. */
const patience = (answerMs: number, silenceMs: number) => ({
  maxAttempts: ATTEMPTS_MAX,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: answerMs,
    // Else the SDK only warns, and waits for ever.
    throwOnRequestTimeout: true,
    socketTimeout: silenceMs,
  },
});
/** Small calls answer in milliseconds; what takes longer than this is lost. */
const quick = patience(5_000, 5_000);
/** Bodies of some megabytes; one that is read may rest while its reader is busy elsewhere, as in a merge of many. */
const bulky = patience(60_000, 300_000);

/** Where a client outside Lambda finds its service; inside, the environment says it all. */
export interface Place {
  endpoint?: string;
  region?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

export const dynamoClient = (place: Place = {}): DynamoDBClient => new DynamoDBClient({ ...quick, ...place });
/** What it tells can wait: nobody who asks for something else may. */
export const appConfigClient = (place: Place = {}): AppConfigDataClient =>
  new AppConfigDataClient({ ...patience(2_000, 2_000), maxAttempts: 2, ...place });
export const sqsClient = (place: Place = {}): SQSClient => new SQSClient({ ...quick, ...place });
export const sfnClient = (place: Place = {}): SFNClient => new SFNClient({ ...quick, ...place });
export const eventBridgeClient = (place: Place = {}): EventBridgeClient =>
  new EventBridgeClient({ ...quick, ...place });
export const schedulerClient = (place: Place = {}): SchedulerClient => new SchedulerClient({ ...quick, ...place });
export const secretsClient = (place: Place = {}): SecretsManagerClient =>
  new SecretsManagerClient({ ...quick, ...place });
/** Checksums only where S3 demands them: the protocol carries SHA-256 of its own in every row and manifest. */
export const s3Client = (place: Place = {}): S3Client =>
  new S3Client({
    ...bulky,
    ...place,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
