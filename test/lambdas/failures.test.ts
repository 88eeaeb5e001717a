/**
 * What services do and no emulator does: every call of every port against every failure that outlives the SDK's retry, and
 * the answers that are half good. Nothing of it may pass for done.
 */
import { BatchGetItemCommand, BatchWriteItemCommand, ConditionalCheckFailedException, DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'; // prettier-ignore
import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand, HeadObjectCommand, NoSuchKey, NotFound, S3Client, S3ServiceException, UploadPartCommand } from '@aws-sdk/client-s3'; // prettier-ignore
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeExecutionCommand, ExecutionAlreadyExists, ExecutionDoesNotExist, InvalidToken, SendTaskSuccessCommand, SFNClient, StartExecutionCommand, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn'; // prettier-ignore
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CallFailed } from '#lambdas/aws/call.ts';
import { BadCursor, ObjectMissing, type ShardMessage } from '#core/ports.ts';
import {
  key, lines, machineOn, messages, objectsOn, open, PORT_CALLS, queueOn, SECRET, signerOn, tableOn, type PortCall,
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
  const lost = () => new ConditionalCheckFailedException({ message: 'lost', $metadata });
  const writes = [
    ['put', PutItemCommand, () => mocked().table.put({ ...key }, { absent: 'pk' })],
    ['update', UpdateItemCommand, () => mocked().table.update(key, { set: { n: 1 } }, { present: 'pk' })],
    ['delete', DeleteItemCommand, () => mocked().table.delete(key, { present: 'pk' })],
  ] as const;

  it.each(writes)('%s: a lost condition is an answer, with what won even where the service does not say', async (_name, command, write) => {
    const { dynamo } = mocked();
    const Item = { pk: { S: 'a' }, sk: { S: 'b' }, epoch: { N: '7' } };
    void write;
    dynamo.on(command as typeof UpdateItemCommand).rejects(lost());
    dynamo.on(GetItemCommand).resolves({ Item, $metadata });
    const table = tableOn(open('DynamoDB'));
    const result = await (_name === 'put' ? table.put(key, { absent: 'pk' }) : _name === 'update' ? table.update(key, { add: { epoch: 1 } }, { eq: ['epoch', 6] }) : table.delete(key, { eq: ['epoch', 6] })); // prettier-ignore
    expect(result).toMatchObject({ ok: false });
    if (_name !== 'delete') expect(result).toEqual({ ok: false, item: { ...key, epoch: 7 } });
  });
});
