/** Failures that no emulator makes: half-failed batches, throttling, lost conditions without the old item, tokens nobody waits on. */
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  ExecutionAlreadyExists,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { StepFunctionsOrchestrator } from '#lambdas/aws/orchestrator.ts';
import { SqsShardQueue } from '#lambdas/aws/queue.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import type { Clock, ShardMessage } from '#core/ports.ts';

const instant: Clock = { now: () => 0, sleep: () => Promise.resolve() };
const messages = (n: number): ShardMessage[] =>
  Array.from({ length: n }, (_, i) => ({ v: 1, tenant: 'acme', runId: 'r', shardId: String(i) }));
const $metadata = {};

describe('the shard queue', () => {
  const open = () => {
    const sqs = mockClient(SQSClient);
    return { sqs, queue: new SqsShardQueue(new SQSClient({}), 'https://queue', instant, () => 0.5) };
  };

  it('sends again exactly what a batch left out', async () => {
    const { sqs, queue } = open();
    const failed = [{ Id: '1', Code: 'InternalError', SenderFault: false }];
    sqs
      .on(SendMessageBatchCommand)
      .resolvesOnce({ Successful: [], Failed: failed, $metadata })
      .resolves({ Successful: [], Failed: [], $metadata });
    await queue.send(messages(3));
    const sent = sqs
      .commandCalls(SendMessageBatchCommand)
      .map(({ args }) =>
        (args[0].input.Entries ?? []).map(({ MessageBody }) => (JSON.parse(MessageBody ?? '') as ShardMessage).shardId),
      );
    expect(sent).toEqual([['0', '1', '2'], ['1']]);
  });

  it('gives up with the reason when the batch stays refused, at once when it is our fault', async () => {
    for (const [SenderFault, calls] of [
      [false, 5],
      [true, 1],
    ] as const) {
      const { sqs, queue } = open();
      sqs
        .on(SendMessageBatchCommand)
        .resolves({ Successful: [], Failed: [{ Id: '0', Code: 'Refused', SenderFault }], $metadata });
      await expect(queue.send(messages(1))).rejects.toThrow(/Refused/);
      expect(sqs.commandCalls(SendMessageBatchCommand)).toHaveLength(calls);
    }
  });

  it('sends thousands in batches of ten', async () => {
    const { sqs, queue } = open();
    sqs.on(SendMessageBatchCommand).resolves({ Successful: [], Failed: [], $metadata });
    await queue.send(messages(1005), 30);
    const calls = sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input.Entries ?? []);
    expect(calls).toHaveLength(101);
    expect(
      calls.flat().every(({ DelaySeconds, MessageGroupId }) => DelaySeconds === 30 && MessageGroupId === 'acme'),
    ).toBe(true);
  });
});

describe('the table', () => {
  it('reads what won a condition when the service does not return it, and passes other errors on', async () => {
    const dynamo = mockClient(DynamoDBClient);
    const table = new DynamoTable(new DynamoDBClient({}), 't');
    const key = { pk: 'a', sk: 'b' };
    dynamo.on(UpdateItemCommand).rejectsOnce(new ConditionalCheckFailedException({ message: 'lost', $metadata }));
    dynamo.on(GetItemCommand).resolves({ Item: { pk: { S: 'a' }, sk: { S: 'b' }, epoch: { N: '7' } }, $metadata });
    expect(await table.update(key, { add: { epoch: 1 } }, { eq: ['epoch', 6] })).toEqual({
      ok: false,
      item: { ...key, epoch: 7 },
    });
    dynamo.on(UpdateItemCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    await expect(table.update(key, { add: { epoch: 1 } })).rejects.toThrow('slow down');
  });
});

describe('the orchestrator', () => {
  it('takes a second start and a token nobody waits on as answers', async () => {
    const sfn = mockClient(SFNClient);
    const machine = 'arn:aws:states:eu-central-1:1:stateMachine:m';
    const orchestrator = new StepFunctionsOrchestrator(new SFNClient({}), machine);
    sfn.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ message: 'again', $metadata }));
    await orchestrator.start('acme', 'r', 0);
    sfn.on(SendTaskSuccessCommand).rejects(new TaskTimedOut({ message: 'late', $metadata }));
    expect(await orchestrator.wake('t', {})).toBe('gone');
    sfn.on(SendTaskSuccessCommand).rejects(new Error('broken'));
    await expect(orchestrator.wake('t', {})).rejects.toThrow('broken');
  });
});
