/** The AWS ports, SDK and all, on the emulators of the local world. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { DUE_INDEX, LIST_INDEX, TABLE_KEYS } from '#lambdas/contract.ts';
import { S3Blobs } from '#lambdas/aws/blobs.ts';
import { dynamoClient, s3Client } from '#lambdas/aws/clients.ts';
import { clock } from '#lambdas/aws/runtime.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { startDynamo, type Dynamo } from '#local/dynamo.ts';
import { startSqsS3, type SqsS3 } from '#local/sqs-s3.ts';
import { LineObjects } from '#storage/line-objects.ts';
import { objectsContract } from './objects.ts';
import { tableContract } from './table.ts';

const dir = mkdtempSync(join(tmpdir(), 'gleaner-contract-'));
const place = { region: 'local-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
let dynamo: Dynamo;
let sqsS3: SqsS3;

beforeAll(async () => {
  const options = { clock, log: () => undefined };
  dynamo = await startDynamo({ dir: join(dir, 'dynamo'), ...options });
  sqsS3 = await startSqsS3({ dir: join(dir, 'sqs-s3'), region: 'local-1', ...options });
  sqsS3.putBucket('results');
  const key = (name: string, type: 'HASH' | 'RANGE') => ({ AttributeName: name, KeyType: type });
  const index = ({ name, partition, sort }: { name: string; partition: string; sort: string }, projection: string) => ({
    IndexName: name,
    KeySchema: [key(partition, 'HASH'), key(sort, 'RANGE')],
    Projection: { ProjectionType: projection },
  });
  await dynamo.call('CreateTable', {
    TableName: 'control',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [key(TABLE_KEYS.partition, 'HASH'), key(TABLE_KEYS.sort, 'RANGE')],
    AttributeDefinitions: [
      ...[TABLE_KEYS.partition, TABLE_KEYS.sort, DUE_INDEX.partition, LIST_INDEX.partition, LIST_INDEX.sort].map(
        (name) => ({
          AttributeName: name,
          AttributeType: 'S',
        }),
      ),
      { AttributeName: DUE_INDEX.sort, AttributeType: 'N' },
    ],
    GlobalSecondaryIndexes: [index(DUE_INDEX, 'KEYS_ONLY'), index(LIST_INDEX, 'ALL')],
  });
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
