/** The whole: a small stack with one of everything, run as it would be deployed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { build } from 'esbuild';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Json, JsonObject } from '#core/json.ts';
import { startWorld } from '#local/world.ts';
import type { World } from '#local/world.ts';
import { lambdaResource, tempDir, writeAssembly } from './fixture.ts';
import { INVOKE } from './machine.ts';

/**
 * `POST /v1/jobs/{name}` starts an execution; it sends the task token to the queue; the worker notes its work in table and
 * bucket and answers the token, but fails on the first delivery of each job. `GET` shows what is known of a job.
 */
const CODE = `
  import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
  import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
  import { SFNClient, SendTaskSuccessCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
  import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
  const [db, s3, sfn, sqs] = [new DynamoDBClient({}), new S3Client({}), new SFNClient({}), new SQSClient({})];
  const { TABLE, BUCKET, QUEUE_URL, MACHINE_ARN } = process.env;
  const note = (name, what) => db.send(new UpdateItemCommand({
    TableName: TABLE, Key: { pk: { S: name } }, UpdateExpression: 'ADD #w :one', ExpressionAttributeNames: { '#w': what },
    ExpressionAttributeValues: { ':one': { N: '1' } } }));
  export const api = async (event) => {
    const name = event.pathParameters.name;
    if (event.requestContext.http.method === 'POST') {
      await sfn.send(new StartExecutionCommand({ stateMachineArn: MACHINE_ARN, name, input: JSON.stringify({ name }) }));
      return { statusCode: 202, body: '{}' };
    }
    const { Item } = await db.send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: name } }, ConsistentRead: true }));
    const object = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: name })).then((r) => r.Body.transformToString(), () => null);
    return { statusCode: Item ? 200 : 404, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ Item, object }) };
  };
  export const send = async ({ name, token }) => {
    await note(name, 'sent');
    await sqs.send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: JSON.stringify({ name, token }), DelaySeconds: name.startsWith('slow') ? 3 : 0 }));
  };
  export const work = async ({ Records }) => {
    const batchItemFailures = [];
    for (const record of Records) {
      const { name, token } = JSON.parse(record.body);
      await note(name, 'received');
      if (record.attributes.ApproximateReceiveCount === '1') { batchItemFailures.push({ itemIdentifier: record.messageId }); continue; }
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: name, Body: 'result of ' + name }));
      await sfn.send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify({ name }) }));
    }
    return { batchItemFailures };
  };
  export const finish = async ({ name }) => { await note(name, 'finished'); return { name }; };
  export const sweep = async () => { await note('sweep', 'swept'); };
`;

const invokeArguments = (id: string, payload: Json): JsonObject => ({
  FunctionName: { 'Fn::GetAtt': [id, 'Arn'] },
  Payload: payload,
});
/** As CDK renders a definition: text with the ARNs joined in. */
function definitionString(): JsonObject {
  const definition = {
    QueryLanguage: 'JSONata',
    StartAt: 'Send',
    States: {
      Send: {
        Type: 'Task',
        Resource: `${INVOKE}.waitForTaskToken`,
        Arguments: invokeArguments('Send', {
          name: '{% $states.input.name %}',
          token: '{% $states.context.Task.Token %}',
        }),
        TimeoutSeconds: 60,
        Next: 'Finish',
      },
      Finish: {
        Type: 'Task',
        Resource: INVOKE,
        Arguments: invokeArguments('Finish', '{% $states.input %}'),
        End: true,
      },
    },
  };
  const parts: Json[] = JSON.stringify(definition)
    .split(/("?\{"Fn::GetAtt":\["\w+","Arn"\]\}"?)/)
    .map((part) => (part.startsWith('{"Fn::GetAtt"') ? (JSON.parse(part) as Json) : part))
    .flatMap((part) => (typeof part === 'string' ? [part] : ['"', part, '"']));
  return { 'Fn::Join': ['', parts] };
}

const fn = (handler: string, more: JsonObject = {}): JsonObject =>
  lambdaResource('app', {
    Handler: `index.${handler}`,
    MemorySize: 256,
    Environment: {
      Variables: {
        TABLE: { Ref: 'Table' },
        BUCKET: { Ref: 'Bucket' },
        QUEUE_URL: { Ref: 'Queue' },
        MACHINE_ARN: { 'Fn::Sub': 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:jobs' },
      },
    },
    ...more,
  });

const arn = (id: string): JsonObject => ({ 'Fn::GetAtt': [id, 'Arn'] });
const allow = (action: Json, resource: Json): JsonObject => ({ Effect: 'Allow', Action: action, Resource: resource });
/** What the functions and the machine do, and no more. */
const GRANTS: Json[] = [
  allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], arn('Table')),
  allow(['s3:GetObject', 's3:PutObject'], { 'Fn::Join': ['', [arn('Bucket'), '/*']] }),
  allow(['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], arn('Queue')),
  allow(['states:StartExecution', 'states:SendTaskSuccess'], { Ref: 'Machine' }),
  allow('lambda:InvokeFunction', [arn('Send'), arn('Finish')]),
];
const permission = (id: string, service: string, source: Json): JsonObject => ({
  Type: 'AWS::Lambda::Permission',
  Properties: { Action: 'lambda:InvokeFunction', FunctionName: arn(id), Principal: service, SourceArn: source },
});

const RESOURCES: Record<string, Json> = {
  Table: {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: {
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      Replicas: [{ Region: { Ref: 'AWS::Region' } }],
    },
  },
  Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
  Dead: { Type: 'AWS::SQS::Queue', Properties: {} },
  Queue: {
    Type: 'AWS::SQS::Queue',
    Properties: {
      VisibilityTimeout: 3600,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 },
    },
  },
  Api: fn('api'),
  Send: fn('send'),
  Work: fn('work'),
  Finish: fn('finish'),
  Sweep: fn('sweep'),
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sts:AssumeRole',
            Principal: { Service: ['lambda.amazonaws.com', 'states.amazonaws.com'] },
          },
        ],
      },
      Policies: [{ PolicyName: 'all', PolicyDocument: { Statement: GRANTS } }],
    },
  },
  ApiCalls: permission(
    'Api',
    'apigateway.amazonaws.com',
    'arn:aws:execute-api:us-east-1:000000000000:local/*/*/v1/jobs/{name}',
  ),
  RuleCalls: permission('Sweep', 'events.amazonaws.com', { 'Fn::GetAtt': ['Rule', 'Arn'] }),
  Machine: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      StateMachineName: 'jobs',
      DefinitionString: definitionString(),
      RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
    },
  },
  Feed: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Queue', 'Arn'] },
      FunctionName: { Ref: 'Work' },
      BatchSize: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    },
  },
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [{ Id: 'Sweep', Arn: { 'Fn::GetAtt': ['Sweep', 'Arn'] } }],
    },
  },
  HttpApi: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'HttpApi' }, StageName: '$default', AutoDeploy: true },
  },
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': ['Api', 'Arn'] },
      PayloadFormatVersion: '2.0',
    },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      RouteKey: 'ANY /v1/jobs/{name}',
      Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
    },
  },
};

let scratch = '';
let assembly = '';
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'gleaner-world-'));
  const { outputFiles } = await build({
    stdin: { contents: CODE, resolveDir: process.cwd() },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  assembly = writeAssembly(join(scratch, 'cdk.out'), {
    resources: RESOURCES,
    code: { app: outputFiles[0]?.text ?? '' },
  });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function open(dataDir: string, more: { schedulesOnStart?: boolean } = {}): Promise<World> {
  const world = await startWorld({
    assembly,
    dataDir,
    port: 0,
    log: () => undefined,
    schedulesOnStart: false,
    ...more,
  });
  onTestFinished(() => world.close());
  return world;
}
interface Job {
  Item: Record<string, { N: string }>;
  object: string | null;
}
const post = (apiUrl: string, name: string): Promise<Response> =>
  fetch(`${apiUrl}/v1/jobs/${name}`, { method: 'POST' });
async function job(apiUrl: string, name: string): Promise<Job> {
  const known = (await (await fetch(`${apiUrl}/v1/jobs/${name}`)).json()) as Partial<Job>;
  return { Item: known.Item ?? {}, object: known.object ?? null };
}
async function until(what: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('it does not happen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const finished = (apiUrl: string, name: string) => async (): Promise<boolean> =>
  (await job(apiUrl, name)).Item['finished'] !== undefined;

describe('a stack on one machine', () => {
  it('runs a job through API, machine, queue, functions, table and bucket, a failed delivery included', async () => {
    const world = await open(tempDir());
    expect((await post(world.apiUrl, 'one')).status).toBe(202);
    expect(world.idle()).toBe(false);
    await until(finished(world.apiUrl, 'one'));
    const { Item, object } = await job(world.apiUrl, 'one');
    expect(Item).toEqual({ pk: { S: 'one' }, sent: { N: '1' }, received: { N: '2' }, finished: { N: '1' } });
    expect(object).toBe('result of one');
    await until(() => Promise.resolve(world.idle()));
    expect((await fetch(`${world.apiUrl}/elsewhere`)).status).toBe(404);
  });

  it('fires schedules at the start, invokes by name, and finds its resources', async () => {
    const world = await open(tempDir(), { schedulesOnStart: true });
    await until(async () => (await fetch(`${world.apiUrl}/v1/jobs/sweep`)).status === 200);
    expect(await world.invoke('Finish', { name: 'by-hand' })).toEqual({ name: 'by-hand' });
    await expect(world.invoke('Work', {})).rejects.toMatchObject({ name: 'FunctionFailed', errorType: 'TypeError' });
    expect(world.resource('queue', 'Queue')).toMatchObject({ name: 'test-Queue', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/000000000000\/test-Queue$/) as string }); // prettier-ignore
    expect(world.resources('function')).toHaveLength(5);
    expect(() => world.resource('function', 'S')).toThrow('found Send, Sweep');
  });

  it('closes whatever is under way, and goes on at the next start', async () => {
    const dataDir = tempDir();
    const first = await open(dataDir);
    await post(first.apiUrl, 'slow-one');
    await until(async () => (await job(first.apiUrl, 'slow-one')).Item['sent'] !== undefined);
    await expect(open(dataDir)).rejects.toThrow(`in use by another process (pid ${process.pid})`);
    await first.close();
    const second = await open(dataDir);
    await until(finished(second.apiUrl, 'slow-one'));
    expect((await job(second.apiUrl, 'slow-one')).object).toBe('result of slow-one');
  });

  it('refuses a port that is taken', async () => {
    const world = await open(tempDir());
    const port = Number(new URL(world.apiUrl).port);
    const again = startWorld({ assembly, dataDir: tempDir(), port, log: () => undefined });
    await expect(again).rejects.toThrow(`port ${port} is taken by another program`);
  });
});

it('goes on after kill -9', async () => {
  const dataDir = tempDir();
  const options = JSON.stringify({ assembly, dataDir, port: 0, schedulesOnStart: false });
  const code = `const { startWorld } = await import(${JSON.stringify(new URL('../../local/world.ts', import.meta.url).href)});
    const world = await startWorld({ ...${options}, log: () => {} }); console.log(world.apiUrl);`;
  const process1 = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void process1.kill('SIGKILL'));
  const [line] = (await once(process1.stdout, 'data')) as [Buffer];
  const apiUrl = line.toString().trim();
  const names = ['slow-a', 'b', 'c'];
  for (const name of names) expect((await post(apiUrl, name)).status).toBe(202);
  await until(async () => (await job(apiUrl, 'b')).Item['received'] !== undefined);
  process1.kill('SIGKILL');
  await once(process1, 'exit');

  const world = await open(dataDir);
  for (const name of names) await until(finished(world.apiUrl, name));
  expect((await job(world.apiUrl, 'slow-a')).object).toBe('result of slow-a');
  await until(() => Promise.resolve(world.idle()));
});
