/** What a sandbox counts of its calls, on the emulators: units as the table tells them, requests by what they are billed as. */
import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { Billing, charged } from '#lambdas/aws/billing.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { S3Blobs } from '#lambdas/aws/blobs.ts';
import { SqsShardQueue } from '#lambdas/aws/queue.ts';
import { LineObjects } from '#storage/line-objects.ts';
import { METRICS } from '#core/metrics.ts';
import { usageKey } from '#core/names.ts';
import { instant, messages } from './port-calls.ts';
import { dynamoClient, openDynamo, openSqsS3, s3Client, sqsClient } from '../local/emulators.ts';
import { controlTable } from '../contract/control-table.ts';
import { tempDir } from '../local/fixture.ts';

async function createControlTable(client: DynamoDBClient, TableName: string): Promise<void> {
  await client.send(new CreateTableCommand(controlTable(TableName)));
  await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 30 }, { TableName });
}
const runId = '01k2m3n4p5q6r7s8t9v0w1x2y3';
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

it('counts table units, lost conditions too', async () => {
  const billing = new Billing();
  const client = billing.watch(dynamoClient((await openDynamo(tempDir())).url));
  await createControlTable(client, 'control');
  const table = new DynamoTable(client, 'control');
  await table.put({ pk: 'a', sk: 'b', text: 'x'.repeat(2_500) });
  expect(billing.take()).toEqual({ tableWrites: 3 });
  await table.get({ pk: 'a', sk: 'b' });
  expect(billing.take()).toEqual({ tableReads: 1 });
  // The condition is lost; the item that won is read.
  expect((await table.put({ pk: 'a', sk: 'b' }, { absent: 'pk' })).ok).toBe(false);
  expect(billing.take()).toEqual({ tableWrites: 1, tableReads: 1 });
});

it('counts requests to buckets and queues, and what the meter tells', async () => {
  const billing = new Billing();
  const emulator = await openSqsS3(tempDir());
  emulator.putBucket('results');
  emulator.putQueue('shards', 'arn:aws:sqs:us-east-1:000000000000:shards', {});
  const objects = new LineObjects(new S3Blobs(billing.watch(s3Client(emulator.url)), 'results'));
  await objects.writeLines('a.ndjson.gz', ['x']);
  for await (const _ of objects.readLines('a.ndjson.gz'));
  await objects.delete('a.ndjson.gz');
  const client = billing.watch(sqsClient(emulator.url));
  await new SqsShardQueue(client, `${emulator.url}/000000000000/shards`, instant, () => 0.5).send(messages(11));
  const passed: string[] = [];
  const meter = billing.meter({ count: (name) => passed.push(name) });
  meter.count(METRICS.targetsCollected, 4);
  meter.count(METRICS.targetsFailed, 1);
  meter.count(METRICS.commits, 1);
  expect(billing.take()).toEqual({ objectPuts: 1, objectGets: 1, queueRequests: 2, targets: 5 });
  expect(passed).toEqual([METRICS.targetsCollected, METRICS.targetsFailed, METRICS.commits]);
});

it('charges a call to its run, one that throws too, and never fails for it', async () => {
  const client = dynamoClient((await openDynamo(tempDir())).url);
  await createControlTable(client, 'control');
  const table = new DynamoTable(client, 'control');
  const ref = { tenant: 'acme', runId };
  expect(await charged({ table, log }, ref, { transitions: 3 }, () => Promise.resolve('done'))).toBe('done');
  const fails = charged({ table, log }, ref, { transitions: 1 }, () => Promise.reject(new Error('broken')));
  await expect(fails).rejects.toThrow('broken');
  expect(await table.get(usageKey('acme', runId))).toMatchObject({ transitions: 4, lambdaRequests: 2, tableWrites: 4 });
  const gone = new DynamoTable(client, 'nowhere');
  expect(await charged({ table: gone, log }, ref, {}, () => Promise.resolve('done'))).toBe('done');
});

it('tells when the run has used up its limit', async () => {
  const client = dynamoClient((await openDynamo(tempDir())).url);
  await createControlTable(client, 'control');
  const table = new DynamoTable(client, 'control');
  await table.put({ ...usageKey('acme', runId), kind: 'usage', tenant: 'acme', maxCostUsd: 0.0001 });
  let told = 0;
  const over = (): Promise<void> => Promise.resolve(void told++);
  for (const transitions of [1, 5])
    await charged({ table, log }, { tenant: 'acme', runId }, { transitions }, () => Promise.resolve(), over);
  expect(told).toBe(1);
});
