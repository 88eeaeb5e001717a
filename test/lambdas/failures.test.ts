/**
 * What services do and no emulator does: every call of every port against every failure that outlives the SDK's retry, and
 * the answers that are half good. Nothing of it may pass for done.
 */
import { BatchGetItemCommand, BatchWriteItemCommand, ConditionalCheckFailedException, DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'; // prettier-ignore
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, HeadObjectCommand, NoSuchKey, NotFound, S3Client, S3ServiceException, UploadPartCommand } from '@aws-sdk/client-s3'; // prettier-ignore
import {
  GetSecretValueCommand,
  SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, ExecutionAlreadyExists, ExecutionDoesNotExist, InvalidToken, SendTaskSuccessCommand, SFNClient, StartExecutionCommand, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn'; // prettier-ignore
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CallFailed } from '#lambdas/aws/call.ts';
import { BadCursor, ObjectMissing, type ShardMessage } from '#core/ports.ts';
import {
  batches, key, lines, machineOn, messages, objectsOn, open, PORT_CALLS, queueOn, SECRET, signerOn, tableOn, type PortCall,
} from './port-calls.ts'; // prettier-ignore

const MOCKS = {
  DynamoDB: () => mockClient(DynamoDBClient),
  S3: () => mockClient(S3Client),
  SQS: () => mockClient(SQSClient),
  'Step Functions': () => mockClient(SFNClient),
  'Secrets Manager': () => mockClient(SecretsManagerClient),
};
const $metadata = {};
const serviceError = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error('no'), { name, $metadata: { httpStatusCode, attempts: 4, requestId: 'q-1' } });

const FAILURES: [string, Error, RegExp][] = [
  ['throttling', serviceError('ThrottlingException', 400), /ThrottlingException: no \(HTTP 400, 4 attempts, request q-1\)$/], 
  ['a table without throughput', serviceError('ProvisionedThroughputExceededException', 400), /ProvisionedThroughput/],
  ['slow down', serviceError('SlowDown', 503), /SlowDown.*HTTP 503/],
  ['500', serviceError('InternalServerError', 500), /InternalServerError.*HTTP 500/],
  ['503', serviceError('ServiceUnavailable', 503), /ServiceUnavailable.*HTTP 503/],
  ['a time-out', Object.assign(new Error('took too long'), { name: 'TimeoutError' }), /TimeoutError: took too long$/],
  ['a cut connection', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), /socket hang up \(ECONNRESET\)$/],
  ['no right to it', serviceError('AccessDeniedException', 400), /AccessDenied/],
  ['something that is not there', serviceError('ResourceNotFoundException', 400), /ResourceNotFound/],
]; // prettier-ignore

describe.each(PORT_CALLS)('$port', ({ service, what, make }: PortCall) => {
  it.each(FAILURES)('%s is an error that names call and reason', async (_name, failure, told) => {
    const mock = MOCKS[service]();
    mock.rejects(failure);
    const error = await make(open(service) as never).then(
      () => expect.unreachable('reported as done'),
      (error: unknown) => error as Error,
    );
    expect(error).toBeInstanceOf(CallFailed);
    expect(error.message.slice(0, what.length + 2)).toBe(`${what}: `);
    // What is no answer of Secrets Manager might quote the secret, so only its name is told.
    if (service !== 'Secrets Manager') expect(error.message).toMatch(told);
    else expect(error.message).toContain(failure.name);
  });
});

describe('the shard queue', () => {
  const mocked = () => ({ sqs: mockClient(SQSClient), queue: queueOn(open('SQS')) });
  const ok = (...ids: number[]) => ids.map((id) => ({ Id: String(id), MessageId: 'm', MD5OfMessageBody: '' }));
  const no = (SenderFault: boolean, ...ids: number[]) => ids.map((id) => ({ Id: String(id), Code: 'Refused', SenderFault })); // prettier-ignore
  const entries = ({ sqs }: ReturnType<typeof mocked>): string[][] =>
    sqs
      .commandCalls(SendMessageBatchCommand)
      .map(({ args }) =>
        (args[0].input.Entries ?? []).map(({ MessageBody }) => (JSON.parse(MessageBody ?? '') as ShardMessage).shardId),
      );

  it.each([
    ['what a batch refused', { Successful: ok(0, 2), Failed: no(false, 1) }],
    ['what a batch does not name', { Successful: ok(0, 2), Failed: [] }],
  ])('sends again exactly %s', async (_name, first) => {
    const world = mocked();
    world.sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ ...first, $metadata })
      .resolves({ Successful: ok(0), Failed: [], $metadata });
    await world.queue.send(messages(3));
    expect(entries(world)).toEqual([['0', '1', '2'], ['1']]);
  });

  it.each([
    [false, 5, /^SQS SendMessageBatch, queue shards: 2 messages refused: Refused$/],
    [true, 1, /2 messages refused: Refused$/],
  ])('gives up with the reason when a batch stays half refused (our fault: %s)', async (ours, calls, told) => {
    const world = mocked();
    world.sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: ok(0), Failed: no(ours, 1, 2), $metadata })
      .resolves({ Successful: [], Failed: no(ours, 0, 1), $metadata });
    await expect(world.queue.send(messages(3))).rejects.toThrow(told);
    expect(entries(world)).toHaveLength(calls);
  });

  it('does not take an empty answer for success', async () => {
    const world = mocked();
    world.sqs.on(SendMessageBatchCommand).resolves({ Successful: undefined, Failed: undefined, $metadata });
    await expect(world.queue.send(messages(1))).rejects.toThrow('1 messages refused: no reason given');
  });

  it('sends thousands in batches of ten; one batch that fails fails the whole', async () => {
    const world = mocked();
    const all = ok(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    world.sqs.on(SendMessageBatchCommand).resolves({ Successful: all, Failed: [], $metadata });
    await world.queue.send(messages(1005), 30);
    const calls = world.sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries ?? []);
    expect(calls).toHaveLength(101);
    for (const entry of calls.flat()) expect(entry).toMatchObject({ DelaySeconds: 30, MessageGroupId: 'acme' });

    world.sqs.reset();
    world.sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: all, Failed: [], $metadata })
      .rejectsOnce(serviceError('ThrottlingException', 400))
      .resolves({ Successful: all, Failed: [], $metadata });
    await expect(world.queue.send(messages(30))).rejects.toThrow('ThrottlingException');
  });
});

describe('the table', () => {
  const mocked = () => ({ dynamo: mockClient(DynamoDBClient), table: tableOn(open('DynamoDB')) });
  type Mocked = ReturnType<typeof mocked>;
  const lost = new ConditionalCheckFailedException({ message: 'lost', $metadata });
  const writes: [string, (world: Mocked) => unknown, (world: Mocked) => Promise<{ ok: boolean }>][] = [
    ['put', (w) => w.dynamo.on(PutItemCommand).rejects(lost), (w) => w.table.put(key, { absent: 'pk' })],
    ['update', (w) => w.dynamo.on(UpdateItemCommand).rejects(lost), (w) => w.table.update(key, {}, { present: 'n' })],
    ['delete', (w) => w.dynamo.on(DeleteItemCommand).rejects(lost), (w) => w.table.delete(key, { present: 'n' })],
  ];

  it.each(writes)(
    '%s: a lost condition is an answer, with what won read where it is not told',
    async (name, fail, act) => {
      const world = mocked();
      fail(world);
      world.dynamo.on(GetItemCommand).resolves({ Item: { pk: { S: 'a' }, sk: { S: 'b' }, n: { N: '7' } }, $metadata });
      const item = { ...key, n: 7 };
      expect(await act(world)).toEqual({ ok: false, ...(name !== 'delete' && { item }) });
    },
  );

  it.each(writes)('%s: a lost condition whose winner cannot be read is an error', async (_name, fail, act) => {
    const world = mocked();
    fail(world);
    world.dynamo.on(GetItemCommand).rejects(serviceError('ThrottlingException', 400));
    await expect(act(world)).rejects.toThrow('DynamoDB GetItem, table control: ThrottlingException');
  });

  it('does not make an item of an answer without one', async () => {
    const { dynamo, table } = mocked();
    dynamo.on(UpdateItemCommand).resolves({ $metadata });
    await expect(table.update(key, { set: { n: 1 } })).rejects.toThrow(
      /^DynamoDB UpdateItem, table control: .*without/,
    );
  });

  it('takes a refusal of a cursor for one, and no other', async () => {
    const { dynamo, table } = mocked();
    const cursor = Buffer.from('["x"]').toString('base64url');
    dynamo.on(QueryCommand).rejects(serviceError('ValidationException', 400));
    await expect(table.query({ pk: 'a', cursor })).rejects.toBeInstanceOf(BadCursor);
    await expect(table.query({ pk: 'a' })).rejects.toBeInstanceOf(CallFailed);
    dynamo.on(QueryCommand).rejects(serviceError('ThrottlingException', 400));
    await expect(table.query({ pk: 'a', cursor })).rejects.toBeInstanceOf(CallFailed);
  });

  it('an empty page that is not the last has a cursor', async () => {
    const { dynamo, table } = mocked();
    dynamo.on(QueryCommand).resolves({ Items: [], LastEvaluatedKey: { pk: { S: 'a' }, sk: { S: 'b' } }, $metadata });
    expect(await table.query({ pk: 'a' })).toEqual({ items: [], cursor: expect.any(String) as string });
  });
});

describe('the objects', () => {
  const mocked = () => ({ s3: mockClient(S3Client), objects: objectsOn(open('S3')) });
  const megabytes = function* (count: number): Generator<string> {
    for (let i = 0; i < count; i++) yield 'x'.repeat(1024 * 1024);
  };
  const s3Error = (name: string): Error => new S3ServiceException({ name, message: 'no', $fault: 'client', $metadata });

  it('tells missing from failing', async () => {
    const { s3, objects } = mocked();
    s3.on(GetObjectCommand).rejects(new NoSuchKey({ message: 'none', $metadata }));
    s3.on(HeadObjectCommand).rejects(new NotFound({ message: 'none', $metadata }));
    await expect(lines(objects.readLines('k'))).rejects.toBeInstanceOf(ObjectMissing);
    expect(await objects.exists('k')).toBe(false);
    s3.on(GetObjectCommand).rejects(s3Error('NoSuchBucket'));
    s3.on(HeadObjectCommand).rejects(s3Error('Forbidden'));
    await expect(lines(objects.readLines('k'))).rejects.toBeInstanceOf(CallFailed);
    await expect(objects.exists('k')).rejects.toBeInstanceOf(CallFailed);
    // In a list's bucket it is the user's mistake.
    await expect(batches(objects.readForeignBatches('theirs', 'k'))).rejects.toBeInstanceOf(ObjectMissing);
  });

  it('an answer without a body is no empty object', async () => {
    const { s3, objects } = mocked();
    s3.on(GetObjectCommand).resolves({ $metadata });
    await expect(objects.readBytes('k')).rejects.toThrow('S3 GetObject, s3://results/k: an answer without a body');
  });

  it.each([
    ['part', UploadPartCommand],
    ['end', CompleteMultipartUploadCommand],
  ])('a large object whose %s fails is not there, and its parts are cleared away', async (_name, command) => {
    const { s3, objects } = mocked();
    s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'u', $metadata });
    s3.on(UploadPartCommand).resolves({ ETag: 'e', $metadata });
    s3.on(command as typeof UploadPartCommand).rejects(serviceError('SlowDown', 503));
    s3.on(AbortMultipartUploadCommand).resolves({ $metadata });
    await expect(objects.writeLines('k', megabytes(20))).rejects.toThrow(
      'S3 multipart upload, s3://results/k: SlowDown: no',
    );
    expect(s3.commandCalls(AbortMultipartUploadCommand)).toHaveLength(1);
  });

  it('a large object whose source fails fails with the failure of the source, and the source is let go', async () => {
    const { s3, objects } = mocked();
    s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'u', $metadata });
    s3.on(UploadPartCommand).resolves({ ETag: 'e', $metadata });
    s3.on(AbortMultipartUploadCommand).resolves({ $metadata });
    const mine = new Error('mine');
    let open = true;
    const source = function* (): Generator<string> {
      try {
        yield* megabytes(20);
        throw mine;
      } finally {
        open = false;
      }
    };
    await expect(objects.writeLines('k', source())).rejects.toBe(mine);
    expect(open).toBe(false);
    expect(s3.commandCalls(CompleteMultipartUploadCommand)).toHaveLength(0);
  });
});

describe('the orchestrator', () => {
  it('takes a second start, a token nobody waits on and an execution that never was as answers', async () => {
    const sfn = mockClient(SFNClient);
    const machine = machineOn(open('Step Functions'));
    sfn.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ message: 'again', $metadata }));
    await machine.start('acme', 'r', 0);
    for (const Gone of [TaskTimedOut, TaskDoesNotExist, InvalidToken]) {
      sfn.on(SendTaskSuccessCommand).rejects(new Gone({ message: 'late', $metadata }));
      expect(await machine.wake('t', {})).toBe('gone');
    }
    sfn.on(DescribeExecutionCommand).rejects(new ExecutionDoesNotExist({ message: 'none', $metadata }));
    expect(await machine.status('acme', 'r', 0)).toBe('none');
  });

  it.each([
    ['RUNNING', 'running'],
    ['PENDING_REDRIVE', 'running'],
    ['SUCCEEDED', 'ended'],
    ['FAILED', 'ended'],
    ['TIMED_OUT', 'ended'],
    ['ABORTED', 'ended'],
  ] as const)('an execution that is %s is %s', async (status, told) => {
    mockClient(SFNClient).on(DescribeExecutionCommand).resolves({ status, $metadata });
    expect(await machineOn(open('Step Functions')).status('acme', 'r', 0)).toBe(told);
  });
});

describe('the signer', () => {
  const mocked = () => ({ secrets: mockClient(SecretsManagerClient), signer: signerOn(open('Secrets Manager')) });
  const bytes = Buffer.from('x');

  it('reads the secret once, and again only when it could not be read', async () => {
    const { secrets, signer } = mocked();
    secrets
      .on(GetSecretValueCommand)
      .rejectsOnce(
        new SecretsManagerServiceException({ name: 'ThrottlingException', message: 'no', $fault: 'client', $metadata }),
      ) // prettier-ignore
      .resolves({ SecretString: SECRET, $metadata });
    await expect(signer.sign(bytes)).rejects.toThrow(/GetSecretValue, the signing secret: ThrottlingException: no$/);
    const [one, two] = await Promise.all([signer.sign(bytes), signer.sign(bytes)]);
    expect(one).toEqual(two);
    expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(2);
  });

  it.each([
    ['no text', undefined],
    ['too little', 'short'],
  ])('signs nothing with %s', async (_name, SecretString) => {
    const { secrets, signer } = mocked();
    secrets.on(GetSecretValueCommand).resolves({ SecretString, $metadata });
    await expect(signer.sign(bytes)).rejects.toThrow(/secret/);
  });
});

it('no call can leave items unprocessed: the ports use no batch of DynamoDB', () => {
  const files = readdirSync('lambdas/aws', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const sources = files.map((file) => readFileSync(`lambdas/aws/${file}`, 'utf8'));
  expect(sources.length).toBeGreaterThan(20);
  for (const command of [BatchGetItemCommand, BatchWriteItemCommand])
    expect(sources.filter((source) => source.includes(command.name))).toEqual([]);
});
