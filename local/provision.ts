/** Makes what the blueprint asks for, on every start again: what exists stays as it is, data included. */
import type { JsonObject } from '#core/json.ts';
import type { Blueprint, TableSpec } from './blueprint.ts';
import { DynamoFailure } from './dynamo.ts';
import type { Dynamo } from './dynamo.ts';
import { isObject } from './properties.ts';
import type { SqsS3 } from './sqs-s3.ts';

export async function provision(
  blueprint: Pick<Blueprint, 'queues' | 'buckets' | 'tables'>,
  dynamo: Dynamo,
  sqsS3: Pick<SqsS3, 'putQueue' | 'putBucket'>,
): Promise<void> {
  for (const queue of blueprint.queues) sqsS3.putQueue(queue.name, queue.arn, queue.attributes);
  for (const bucket of blueprint.buckets) sqsS3.putBucket(bucket.name);
  for (const table of blueprint.tables) await putTable(table, dynamo);
}

async function putTable(table: TableSpec, dynamo: Dynamo): Promise<void> {
  const existing = await describe(table.name, dynamo);
  if (existing === undefined) {
    await dynamo.call('CreateTable', {
      TableName: table.name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: table.keySchema.map((k) => ({ ...k })),
      AttributeDefinitions: table.attributes.map((a) => ({ ...a })),
      ...(table.indexes.length === 0
        ? {}
        : {
            GlobalSecondaryIndexes: table.indexes.map((i) => ({ ...i, KeySchema: i.KeySchema.map((k) => ({ ...k })) })),
          }),
    });
    await untilActive(table.name, dynamo);
  } else if (shapeOfExisting(existing) !== shapeOf(table)) {
    throw new Error(
      `table ${table.name} was made with other keys or indexes than the template has now: the local world does not migrate tables, start it on a fresh data directory`,
    );
  }
  if (table.ttlAttribute !== undefined) dynamo.expire(table.name, table.ttlAttribute);
}

async function describe(name: string, dynamo: Dynamo): Promise<JsonObject | undefined> {
  try {
    const table = (await dynamo.call('DescribeTable', { TableName: name }))['Table'];
    return isObject(table) ? table : undefined;
  } catch (error) {
    if (error instanceof DynamoFailure && error.type === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function untilActive(name: string, dynamo: Dynamo): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if ((await describe(name, dynamo))?.['TableStatus'] === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`table ${name} does not become active`);
}

const keys = (schema: unknown): string =>
  (Array.isArray(schema) ? schema : [])
    .map((k: unknown) => (isObject(k) ? `${String(k['KeyType'])}:${String(k['AttributeName'])}` : ''))
    .sort()
    .join();

const shape = (schema: unknown, indexes: unknown[]): string =>
  [
    keys(schema),
    ...indexes.map((i) => (isObject(i) ? `${String(i['IndexName'])}(${keys(i['KeySchema'])})` : '')).sort(),
  ].join(' ');

const shapeOf = (table: TableSpec): string => shape(table.keySchema, table.indexes);

function shapeOfExisting(table: JsonObject): string {
  const indexes = table['GlobalSecondaryIndexes'];
  return shape(table['KeySchema'], Array.isArray(indexes) ? indexes : []);
}
