/**
 * The design that comes to mind first, for comparison: each page has a message, an invocation, an object, three writes of its
 * state and a child of a distributed map. A client of its own against the same emulators, counted by the same meter (`Billing`).
 */
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Usage } from '#core/usage.ts';
import { compileExtractor } from '#extract/compile.ts';
import { createFetcher } from '#http/fetcher.ts';
import { Billing } from '#lambdas/aws/billing.ts';
import type { World } from '#local/world.ts';
import { FIELDS } from './cost-task.ts';

/** Of the function that fetches one page: what is enough for it. */
const MEGABYTES = 256;
const LINE_FEED = Buffer.from('\n');
/** AWS bills the start of a child and the one state that it has. */
const TRANSITIONS_A_PAGE = 2;

/** @returns what `pages` pages used, one after the other, and the calls that were made for them. */
export async function naive(world: World, origin: string, pages: number): Promise<{ usage: Usage; calls: number }> {
  const { clientEnv: env } = world;
  const at = (service: string) => ({
    endpoint: env[`AWS_ENDPOINT_URL_${service}`] ?? '',
    region: env['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const billing = new Billing();
  const dynamo = billing.watch(new DynamoDBClient(at('DYNAMODB')));
  const s3 = billing.watch(new S3Client({ ...at('S3'), requestChecksumCalculation: 'WHEN_REQUIRED' }));
  const sqs = billing.watch(new SQSClient(at('SQS')));
  const table = world.resource('table', 'TablesControl').name;
  const bucket = world.resource('bucket', 'Results').name;
  // That of the schedules: no function is fed by it, and no sweep takes from it.
  const queue = world.resources('queue').find(({ logicalId }) => /schedule.*dead/i.test(logicalId))?.url;
  if (queue === undefined) throw new Error('the stack has no queue that the naive design could borrow');
  const fetcher = createFetcher({ userAgent: 'naive' });
  const extractor = await compileExtractor({ extract: { format: 'html', fields: FIELDS, keepBody: 'none' } });

  const state = (url: string, what: string): Promise<unknown> =>
    dynamo.send(
      new UpdateItemCommand({
        TableName: table,
        Key: { pk: { S: 'NAIVE' }, sk: { S: url } },
        UpdateExpression: 'SET #s = :s, #t = :t',
        ExpressionAttributeNames: { '#s': 'state', '#t': 'at' },
        ExpressionAttributeValues: { ':s': { S: what }, ':t': { N: String(Date.now()) } },
      }),
    );
  /** The invocation. */
  const work = async (url: string): Promise<void> => {
    await state(url, 'fetching');
    const got = await fetcher.fetch({
      url, method: 'GET', headers: {}, secretHeaders: {}, timeoutMs: 30_000, bytesMax: 5 * 2 ** 20, redirectsMax: 5, allowAddresses: ['127.0.0.0/8'],
    }); // prettier-ignore
    if (!got.ok || got.status !== 200) throw new Error(`${url}: ${got.ok ? String(got.status) : got.detail}`);
    const made = await extractor.extract({ url, finalUrl: got.finalUrl, headers: got.headers, body: got.body });
    if (!made.ok) throw new Error(`${url}: ${made.detail}`);
    const Key = `naive/${encodeURIComponent(url)}.json`;
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key,
        Body: Buffer.concat(made.records.flatMap((record) => [record, LINE_FEED])),
      }),
    );
    await state(url, 'done');
  };
  try {
    for (let page = 1; page <= pages; page++) {
      const url = `${origin}/p/${String(page)}`;
      await state(url, 'queued');
      await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue, Entries: [{ Id: '0', MessageBody: url }] }));
      const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue }));
      const begun = performance.now();
      await work(message?.Body ?? '');
      billing.add('lambdaRequests', 1);
      billing.add('lambdaGbMs', (Math.ceil(performance.now() - begun) * MEGABYTES) / 1024);
      billing.add('transitions', TRANSITIONS_A_PAGE);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: message?.ReceiptHandle ?? '' }));
    }
  } finally {
    await fetcher.close();
    for (const client of [dynamo, s3, sqs]) client.destroy();
  }
  // Three writes, one object, three requests of the queue, one invocation, and the map's transitions.
  return { usage: billing.take(), calls: (3 + 1 + 3 + 1 + TRANSITIONS_A_PAGE) * pages };
}
