/** Every call that the AWS ports make: how to make it, what it calls itself in an error, and how the service answers it well. */
import { createHash } from 'node:crypto';
import { S3Blobs } from '#lambdas/aws/blobs.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { s3Client } from '#lambdas/aws/clients/s3.ts';
import { secretsClient } from '#lambdas/aws/clients/secrets.ts';
import { sfnClient } from '#lambdas/aws/clients/step-functions.ts';
import { sqsClient } from '#lambdas/aws/clients/sqs.ts';
import { SqsDeadMessages } from '#lambdas/aws/dead-messages.ts';
import { StepFunctionsOrchestrator } from '#lambdas/aws/orchestrator.ts';
import { SqsShardQueue } from '#lambdas/aws/queue.ts';
import { SecretSigner } from '#lambdas/aws/signer.ts';
import { DynamoTable } from '#lambdas/aws/table.ts';
import { LineObjects } from '#storage/line-objects.ts';
import type { Clock, ShardMessage } from '#core/ports.ts';

/** An address that nobody has: what is neither mocked nor scripted fails. */
const place = {
  region: 'eu-central-1',
  endpoint: 'http://127.0.0.1:9',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
export const instant: Clock = { now: () => 0, sleep: () => Promise.resolve() };
export const SECRET = 'the-secret-of-this-test-is-long-enough-0123456789';
export const key = { pk: 'a', sk: 'b' };
export const messages = (n: number): ShardMessage[] =>
  Array.from({ length: n }, (_, i) => ({ v: 1, tenant: 'acme', runId: 'r', shardId: String(i) }));

const clients = {
  DynamoDB: () => dynamoClient(place),
  S3: () => s3Client(place),
  SQS: () => sqsClient(place),
  'Step Functions': () => sfnClient(place),
  'Secrets Manager': () => secretsClient(place),
};
export type Service = keyof typeof clients;
export type Client<S extends Service> = ReturnType<(typeof clients)[S]>;
export const open = <S extends Service>(service: S): Client<S> => clients[service]() as Client<S>;

export const tableOn = (client: Client<'DynamoDB'>) => new DynamoTable(client, 'control');
export const objectsOn = (client: Client<'S3'>) => new LineObjects(new S3Blobs(client, 'results'));
export const queueOn = (client: Client<'SQS'>) =>
  new SqsShardQueue(client, 'http://127.0.0.1:9/1/shards', instant, () => 0.5);
export const deadOn = (client: Client<'SQS'>) => new SqsDeadMessages(client, 'http://127.0.0.1:9/1/dead');
export const machineOn = (client: Client<'Step Functions'>) =>
  new StepFunctionsOrchestrator(client, 'arn:aws:states:eu-central-1:1:stateMachine:m');
export const signerOn = (client: Client<'Secrets Manager'>) => new SecretSigner(client, 'signing');

export const batches = async (of: AsyncIterable<string[]>): Promise<string[]> => (await Array.fromAsync(of)).flat();
export async function lines(of: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const line of of) found.push(line);
  return found;
}

export interface PortCall {
  service: Service;
  port: string;
  /** How its errors begin. */
  what: string;
  make: (client: never) => Promise<unknown>;
  /** A good answer on the wire, and what the port makes of it. */
  answer: string;
  value: unknown;
}
const portCall = <S extends Service>(
  service: S,
  port: string,
  operation: string,
  make: (client: Client<S>) => Promise<unknown>,
  answer: string,
  value: unknown,
): PortCall => ({ service, port, what: `${service} ${operation}`, make, answer, value });

const [message] = messages(1);
const md5 = createHash('md5').update(JSON.stringify(message)).digest('hex');
const sent = JSON.stringify({ Successful: [{ Id: '0', MessageId: 'm', MD5OfMessageBody: md5 }], Failed: [] });
const item = { pk: { S: 'a' }, sk: { S: 'b' } };

export const PORT_CALLS: PortCall[] = [
  portCall('DynamoDB', 'table.get', 'GetItem, table control', (c) => tableOn(c).get(key), JSON.stringify({ Item: item }), key),
  portCall('DynamoDB', 'table.put', 'PutItem, table control', (c) => tableOn(c).put(key), '{}', { ok: true, item: key }),
  portCall('DynamoDB', 'table.update', 'UpdateItem, table control', (c) => tableOn(c).update(key, { set: { n: 1 } }), JSON.stringify({ Attributes: item }), { ok: true, item: key }),
  portCall('DynamoDB', 'table.delete', 'DeleteItem, table control', (c) => tableOn(c).delete(key), '{}', { ok: true }),
  portCall('DynamoDB', 'table.query', 'Query, table control', (c) => tableOn(c).query({ pk: 'a' }), JSON.stringify({ Items: [item] }), { items: [key] }),
  portCall('DynamoDB', 'table.due', 'Query of due, table control', (c) => tableOn(c).due('a', 1, 9), JSON.stringify({ Items: [item] }), [key]),
  portCall('DynamoDB', 'table.list', 'Query of list, table control', (c) => tableOn(c).list('a', { limit: 9 }), JSON.stringify({ Items: [item] }), { items: [key] }),
  portCall('S3', 'objects.writeLines', 'PutObject, s3://results/k', (c) => objectsOn(c).writeLines('k', ['x']), '', { lines: 1, bytes: 2 }),
  portCall('S3', 'objects.writeText', 'PutObject, s3://results/k', (c) => objectsOn(c).writeText('k', [Buffer.from('x\n')], 'once'), '', { bytes: 2 }),
  portCall('S3', 'objects.writeBytes', 'PutObject, s3://results/k', (c) => objectsOn(c).writeBytes('k', Buffer.from('x'), 'text/plain'), '', { bytes: 1 }),
  portCall('S3', 'objects.readLines', 'GetObject, s3://results/k', (c) => lines(objectsOn(c).readLines('k')), 'x\ny\n', ['x', 'y']),
  portCall('S3', 'objects.readBytes', 'GetObject, s3://results/k', async (c) => String(await objectsOn(c).readBytes('k')), 'xy', 'xy'),
  portCall('S3', 'objects.readBatches', 'GetObject, s3://results/k', (c) => batches(objectsOn(c).readBatches('k')), 'x\ny\n', ['x', 'y']),
  portCall('S3', 'objects.readForeignBatches', 'GetObject, s3://theirs/k', (c) => batches(objectsOn(c).readForeignBatches('theirs', 'k')), 'x', ['x']),
  portCall('S3', 'objects.exists', 'HeadObject, s3://results/k', (c) => objectsOn(c).exists('k'), '', true),
  portCall('S3', 'objects.delete', 'DeleteObject, s3://results/k', (c) => objectsOn(c).delete('k'), '', undefined),
  portCall('SQS', 'queue.send', 'SendMessageBatch, queue shards', (c) => queueOn(c).send(messages(1)), sent, undefined),
  portCall('SQS', 'deadMessages.receive', 'ReceiveMessage, queue dead', (c) => deadOn(c).receive(), '{}', []),
  portCall('SQS', 'deadMessages.drop', 'DeleteMessage, queue dead', (c) => deadOn(c).drop('receipt'), '{}', undefined),
  portCall('Step Functions', 'orchestrator.start', 'StartExecution, execution r-0', (c) => machineOn(c).start('acme', 'r', 0).then(() => 'started'), '{"executionArn":"e","startDate":1}', 'started'),
  portCall('Step Functions', 'orchestrator.wake', 'SendTaskSuccess', (c) => machineOn(c).wake('token', {}), '{}', 'woken'),
  portCall('Step Functions', 'orchestrator.status', 'DescribeExecution, execution r-0', (c) => machineOn(c).status('acme', 'r', 0), '{"status":"RUNNING"}', 'running'),
  portCall('Secrets Manager', 'signer.sign', 'GetSecretValue, the signing secret', (c) => signerOn(c).sign(Buffer.from('x')), JSON.stringify({ SecretString: SECRET }), { algorithm: 'Ed25519' }),
]; // prettier-ignore
