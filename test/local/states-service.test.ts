import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from '#local/loopback.ts';
import { statesService } from '#local/states-service.ts';
import { ownerGate } from './emulators.ts';
import { definition, INVOKE, MACHINE, ok, rig, task } from './machine.ts';
import { settle } from './virtual-clock.ts';

async function open() {
  const machine = definition({
    T: task({
      Resource: `${INVOKE}.waitForTaskToken`,
      Arguments: { FunctionName: 'f', Payload: { token: '{% $states.context.Task.Token %}' } },
    }),
  });
  const r = rig(machine, () => ok(null));
  const server = await listen(statesService(r.engine, ownerGate), 0, () => undefined);
  const client = new SFNClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
  });
  const start = async (name: string, input = '{"a":1}'): Promise<string> => {
    const { executionArn = '' } = await client.send(
      new StartExecutionCommand({ stateMachineArn: MACHINE, name, input }),
    );
    await settle();
    return executionArn;
  };
  return { ...r, client, start };
}

it('starts, describes and ends an execution by its token', async () => {
  const { client, start, token } = await open();
  const executionArn = await start('one');
  expect(executionArn).toBe('arn:aws:states:us-east-1:000000000000:execution:m:one');
  const running = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect(running).toMatchObject({
    status: 'RUNNING',
    input: '{"a":1}',
    name: 'one',
    startDate: new Date('2026-01-01T00:00:00Z'),
  });
  await client.send(new SendTaskHeartbeatCommand({ taskToken: token() }));
  await client.send(new SendTaskSuccessCommand({ taskToken: token(), output: '{"b":2}' }));
  await settle();
  const ended = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: '{"b":2}' });
  const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events?.map((e) => e.type)).toEqual([
    'ExecutionStarted',
    'TaskStateEntered',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
  expect(events?.[1]?.stateEnteredEventDetails).toEqual({ name: 'T', input: '{"a":1}' });
});

it('takes failures, stops and lists', async () => {
  const { client, start, token } = await open();
  const failing = await start('failing');
  await client.send(new SendTaskFailureCommand({ taskToken: token(), error: 'E', cause: 'c' }));
  const stopped = await start('stopped');
  await client.send(new StopExecutionCommand({ executionArn: stopped }));
  await start('running');
  expect(await client.send(new DescribeExecutionCommand({ executionArn: failing }))).toMatchObject({
    status: 'FAILED',
    error: 'E',
    cause: 'c',
  });
  const list = async (statusFilter?: 'RUNNING' | 'ABORTED') => {
    const { executions } = await client.send(
      new ListExecutionsCommand({ stateMachineArn: MACHINE, ...(statusFilter ? { statusFilter } : {}) }),
    );
    return executions?.map((e) => e.name).sort();
  };
  expect(await list()).toEqual(['failing', 'running', 'stopped']);
  expect(await list('RUNNING')).toEqual(['running']);
  expect(await list('ABORTED')).toEqual(['stopped']);
});

it('starts nothing twice', async () => {
  const { client, start, engine } = await open();
  expect(await start('one')).toBe(await start('one'));
  expect(engine.running()).toBe(1);
  await expect(start('one', '{"a":2}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  client.destroy();
});

it('names what is wrong, as AWS does', async () => {
  const { client, start, token } = await open();
  await start('one');
  const stateMachineArn = MACHINE;
  const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:m:none';
  const wrong: [() => Promise<unknown>, string][] = [
    [() => client.send(new StartExecutionCommand({ stateMachineArn: `${MACHINE}x` })), 'StateMachineDoesNotExist'],
    [() => client.send(new StartExecutionCommand({ stateMachineArn, name: 'a b' })), 'InvalidName'],
    [() => client.send(new StartExecutionCommand({ stateMachineArn, input: '{' })), 'InvalidExecutionInput'],
    [
      () => client.send(new StartExecutionCommand({ stateMachineArn, input: `"${'x'.repeat(262_144)}"` })),
      'ValidationException',
    ],
    [() => client.send(new DescribeExecutionCommand({ executionArn })), 'ExecutionDoesNotExist'],
    [() => client.send(new StopExecutionCommand({ executionArn })), 'ExecutionDoesNotExist'],
    [() => client.send(new SendTaskSuccessCommand({ taskToken: 'x', output: '1' })), 'InvalidToken'],
    [() => client.send(new SendTaskSuccessCommand({ taskToken: token(), output: '{' })), 'InvalidOutput'],
    [() => client.send(new SendTaskSuccessCommand({ taskToken: `${token()}x`, output: '1' })), 'TaskTimedOut'],
    [() => client.send(new ListStateMachinesCommand({})), 'UnknownOperationException'],
  ];
  for (const [send, name] of wrong) await expect(send()).rejects.toMatchObject({ name });
});
