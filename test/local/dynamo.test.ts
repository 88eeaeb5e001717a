import { connect } from 'node:net';
import { once } from 'node:events';
import {
  DescribeTimeToLiveCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import type { TableSpec } from '#local/blueprint.ts';
import { sweepExpired } from '#local/dynamo-expiry.ts';
import { clock as systemClock } from '#lambdas/aws/clock.ts';
import { startDynamo } from '#local/dynamo.ts';
import type { Dynamo } from '#local/dynamo.ts';
import { provision } from '#local/provision.ts';
import { dynamoClient, openDynamo, ownerGate } from './emulators.ts';
import { tempDir } from './fixture.ts';

const TABLE: TableSpec = {
  logicalId: 'Table',
  name: 'things',
  arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/things',
  keySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, { AttributeName: 'sk', KeyType: 'RANGE' }], // prettier-ignore
  attributes: ['pk', 'sk', 'duePk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  indexes: [
    {
      IndexName: 'due',
      KeySchema: [{ AttributeName: 'duePk', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  ttlAttribute: 'expiresAt',
};
const noQueues = { putQueue: () => undefined, putBucket: () => undefined };
const provisionTable = (dynamo: Dynamo, table = TABLE): Promise<void> =>
  provision(
    {
      tables: [table],
      queues: [],
      buckets: [],
    },
    dynamo,
    noQueues,
  );
const key = (pk: string) => ({ pk: { S: pk }, sk: { S: 'a' } });

describe('DynamoDB', () => {
  it('does conditional writes, and names a lost condition', async () => {
    const dynamo = await openDynamo(tempDir());
    await provisionTable(dynamo);
    const client = dynamoClient(dynamo.url);
    const put = new PutItemCommand({
      TableName: 'things',
      Item: key('a'),
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    await client.send(put);
    await expect(client.send(put)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    const update = {
      TableName: 'things',
      Key: key('a'),
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    };
    await Promise.all(Array.from({ length: 20 }, () => client.send(new UpdateItemCommand(update))));
    const { Item } = await client.send(new GetItemCommand({ TableName: 'things', Key: key('a') }));
    expect(Item?.['n']).toEqual({ N: '20' });
  });

  it('refuses items over 400 KB', async () => {
    const dynamo = await openDynamo(tempDir());
    await provisionTable(dynamo);
    const Item = { ...key('a'), big: { S: 'x'.repeat(410_000) } };
    const put = dynamoClient(dynamo.url).send(new PutItemCommand({ TableName: 'things', Item }));
    await expect(put).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('refuses scans and transactions', async () => {
    const client = dynamoClient((await openDynamo(tempDir())).url);
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [{ Delete: { TableName: 'things', Key: key('a') } }],
    });
    for (const command of [new ScanCommand({ TableName: 'things' }), transaction] as ScanCommand[]) {
      await expect(client.send(command)).rejects.toMatchObject({
        name: 'UnknownOperationException',
        $metadata: { httpStatusCode: 501 },
      });
    }
  });

  it('lives on when a client drops in mid-request', async () => {
    const dynamo = await openDynamo(tempDir());
    await provisionTable(dynamo);
    const socket = connect(Number(new URL(dynamo.url).port), '127.0.0.1');
    const request =
      'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-amz-target: DynamoDB_20120810.PutItem\r\ncontent-length: 500\r\n\r\n{"Tab';
    await new Promise((resolve) => socket.write(request, resolve));
    socket.destroy();
    await once(socket, 'close');
    const { TimeToLiveDescription } = await dynamoClient(dynamo.url).send(
      new DescribeTimeToLiveCommand({ TableName: 'things' }),
    );
    expect(TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
  });

  it('answers only requests to loopback names', async () => {
    const dynamo = await openDynamo(tempDir());
    const socket = connect(Number(new URL(dynamo.url).port), '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
  });

  it('keeps items across restarts, and provisions over what exists', async () => {
    const dir = tempDir();
    const first = await startDynamo({ dir, gate: ownerGate, clock: systemClock, log: () => undefined });
    await provisionTable(first);
    await dynamoClient(first.url).send(new PutItemCommand({ TableName: 'things', Item: key('a') }));
    await first.close();
    const second = await openDynamo(dir);
    await provisionTable(second);
    const { Item } = await dynamoClient(second.url).send(new GetItemCommand({ TableName: 'things', Key: key('a') }));
    expect(Item).toEqual(key('a'));
    await expect(provisionTable(second, { ...TABLE, indexes: [] })).rejects.toThrow('does not migrate tables');
  });
});

describe('expiry', () => {
  it('deletes what is past its time and nothing else, page by page', async () => {
    const dynamo = await openDynamo(tempDir());
    await provisionTable(dynamo);
    const nowMs = Date.UTC(2026, 0, 1);
    const now = nowMs / 1000;
    const times: Record<string, number | undefined> = {
      past: now - 1,
      longPast: 1,
      now,
      later: now + 1,
      never: undefined,
    };
    for (const [pk, time] of Object.entries(times)) {
      const Item = { ...key(pk), ...(time === undefined ? {} : { expiresAt: { N: String(time) } }) };
      await dynamo.call('PutItem', { TableName: 'things', Item });
    }
    const sweep = { call: dynamo.call, table: 'things', attribute: 'expiresAt', nowMs, cursors: new Map() };
    expect(await sweepExpired(sweep)).toBe(2);
    expect(await sweepExpired(sweep)).toBe(0);
    const left = await dynamo.call('Scan', { TableName: 'things' });
    const names = (left['Items'] as { pk: { S: string } }[]).map((item) => item.pk.S);
    expect(names.sort()).toEqual(['later', 'never', 'now']);
  });

  it('can be asked for by the API', async () => {
    const dynamo = await openDynamo(tempDir());
    const client = dynamoClient(dynamo.url);
    const wanted = { AttributeName: 'ttl', Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName: 'things', TimeToLiveSpecification: wanted }));
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: 'things' }));
    expect(TimeToLiveDescription?.AttributeName).toBe('ttl');
  });
});
