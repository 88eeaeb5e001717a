/** The control table with its indexes, as `lib` deploys it, for whatever speaks DynamoDB. */
import { DUE_INDEX, LIST_INDEX, TABLE_KEYS } from '#lambdas/contract.ts';
import type { AttributeDefinition, CreateTableInput, GlobalSecondaryIndex, KeySchemaElement } from '@aws-sdk/client-dynamodb'; // prettier-ignore

const keys = (partition: string, sort: string): KeySchemaElement[] => [
  { AttributeName: partition, KeyType: 'HASH' },
  { AttributeName: sort, KeyType: 'RANGE' },
];
const attribute = (name: string, type: 'S' | 'N'): AttributeDefinition => ({
  AttributeName: name,
  AttributeType: type,
});
const index = (
  { name, partition, sort }: { name: string; partition: string; sort: string },
  projection: 'KEYS_ONLY' | 'ALL',
): GlobalSecondaryIndex => ({
  IndexName: name,
  KeySchema: keys(partition, sort),
  Projection: { ProjectionType: projection },
});

export const controlTable = (name: string): CreateTableInput => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: keys(TABLE_KEYS.partition, TABLE_KEYS.sort),
  AttributeDefinitions: [
    attribute(TABLE_KEYS.partition, 'S'),
    attribute(TABLE_KEYS.sort, 'S'),
    attribute(DUE_INDEX.partition, 'S'),
    attribute(DUE_INDEX.sort, 'N'),
    attribute(LIST_INDEX.partition, 'S'),
    attribute(LIST_INDEX.sort, 'S'),
  ],
  GlobalSecondaryIndexes: [index(DUE_INDEX, 'KEYS_ONLY'), index(LIST_INDEX, 'ALL')],
});
