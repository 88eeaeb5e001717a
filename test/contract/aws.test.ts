/** The AWS ports, SDK and all, on the emulators of the local world. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { S3Blobs } from '#lambdas/aws/blobs.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { s3Client } from '#lambdas/aws/clients/s3.ts';
import { clock } from '#lambdas/aws/clock.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { startDynamo, type Dynamo } from '#local/dynamo.ts';
import { startSqsS3, type SqsS3 } from '#local/sqs-s3.ts';
import { LineObjects } from '#storage/line-objects.ts';
import { ownerGate } from '../local/emulators.ts';
import { controlTable } from './control-table.ts';
import { objectsContract } from './objects.ts';
import { tableContract } from './table.ts';

const dir = mkdtempSync(join(tmpdir(), 'gleaner-contract-'));
const place = { region: 'local-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
let dynamo: Dynamo;
let sqsS3: SqsS3;

beforeAll(async () => {
  const options = { gate: ownerGate, clock, log: () => undefined };
  dynamo = await startDynamo({ dir: join(dir, 'dynamo'), ...options });
  sqsS3 = await startSqsS3({ dir: join(dir, 'sqs-s3'), region: 'local-1', ...options });
  sqsS3.putBucket('results');
  await dynamoClient({ ...place, endpoint: dynamo.url }).send(new CreateTableCommand(controlTable('control')));
});
afterAll(async () => {
  await dynamo.close();
  await sqsS3.close();
  rmSync(dir, { recursive: true, force: true });
});

tableContract('DynamoDB', () =>
  Promise.resolve(new DynamoTable(dynamoClient({ ...place, endpoint: dynamo.url }), 'control')),
);
objectsContract('S3', () =>
  Promise.resolve(new LineObjects(new S3Blobs(s3Client({ ...place, endpoint: sqsS3.url }), 'results'))),
);
