/** The table on DynamoDB Local or any other emulator that is named: does what dynalite says hold elsewhere? */
import { CreateTableCommand, DeleteTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, it } from 'vitest';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { controlTable } from './control-table.ts';
import { find, here, javaArguments, startServer, type Emulator, type Found } from './dynamodb-local.ts';
import { tableContract } from './table.ts';

/** A JVM on a slow machine; it is there on demand only. */
const PATIENCE = { startMs: 60_000, stopMs: 5_000 };
const NAME = `gleaner-contract-${String(process.pid)}`;

const open = (found: Exclude<Found, { none: string }>): Promise<Emulator> =>
  'endpoint' in found
    ? Promise.resolve({ url: found.endpoint, stop: () => Promise.resolve() })
    : startServer('java', (port) => javaArguments(found.jarDir, port), PATIENCE);

const found = find(here);
if ('none' in found) {
  console.info(`second opinion on the table skipped: ${found.none}`);
  it('second opinion on the table', ({ skip }) => skip(found.none));
} else {
  let emulator: Emulator;
  // Credentials that no real AWS takes.
  const client = () =>
    dynamoClient({
      endpoint: emulator.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  beforeAll(async () => {
    emulator = await open(found);
    await client().send(new CreateTableCommand(controlTable(NAME)));
    await waitUntilTableExists({ client: client(), minDelay: 1, maxWaitTime: 30 }, { TableName: NAME });
  });
  afterAll(async () => {
    try {
      // What is in memory goes by itself.
      if ('endpoint' in found) await client().send(new DeleteTableCommand({ TableName: NAME }));
    } finally {
      await emulator.stop();
    }
  });
  tableContract('second opinion', () => Promise.resolve(new DynamoTable(client(), NAME)));
}
