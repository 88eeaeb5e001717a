/**
 * The patience of the clients, with the SDK's own retry at work: what passes is tried again until it is well, what stays is
 * an error that says which call it was. Answers are scripted, timers are virtual.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CallFailed } from '#lambdas/aws/call.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { s3Client } from '#lambdas/aws/clients/s3.ts';
import { secretsClient } from '#lambdas/aws/clients/secrets.ts';
import { sfnClient } from '#lambdas/aws/clients/step-functions.ts';
import { sqsClient } from '#lambdas/aws/clients/sqs.ts';
import { SqsDeadMessages } from '#lambdas/aws/dead-messages.ts';
import {
  key, lines, machineOn, objectsOn, open, PORT_CALLS, SECRET, signerOn, tableOn, type PortCall, type Service,
} from './port-calls.ts'; // prettier-ignore

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  body: Readable;
}
type Reaction = () => Answer;

const answer = (statusCode: number, body: string, headers: Record<string, string> = {}): Answer => ({
  statusCode,
  headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
  body: Readable.from([Buffer.from(body)]),
});
/** As each service spells an error. */
const refusal = (service: Service, statusCode: number, code: string): Answer =>
  service === 'S3'
    ? answer(statusCode, `<Error><Code>${code}</Code><Message>no</Message></Error>`, { 'content-type': 'application/xml' }) // prettier-ignore
    : answer(statusCode, JSON.stringify({ __type: code, message: 'no' }));
const broken = (fields: { name?: string; code?: string }) => (): Answer => {
  throw Object.assign(new Error('the connection gave out'), fields);
};

const FAILURES: [string, (service: Service) => Reaction][] = [
  ['is throttled', (s) => () => (s === 'S3' ? refusal(s, 503, 'SlowDown') : refusal(s, 400, 'ThrottlingException'))],
  ['meets 500', (s) => () => refusal(s, 500, 'InternalFailure')],
  ['meets 503', (s) => () => refusal(s, 503, 'ServiceUnavailable')],
  ['meets an empty 502, as of a proxy', () => () => answer(502, '')],
  ['times out', () => broken({ name: 'TimeoutError' })],
  ['is cut off', () => broken({ code: 'ECONNRESET' })],
];

/** Answers requests in order, the last reaction for ever. */
function script(client: { config: object }, reactions: Reaction[]): { requests: number } {
  const seen = { requests: 0 };
  const handle = (): Promise<{ response: Answer }> => {
    const reaction = reactions[Math.min(seen.requests++, reactions.length - 1)];
    return Promise.resolve().then(() => ({ response: (reaction as Reaction)() }));
  };
  Object.assign(client.config, { requestHandler: { handle, destroy: () => undefined } });
  return seen;
}

/** The promise's end, while time flies. */
async function ended<T>(promise: Promise<T>): Promise<T> {
  let over = false;
  const watched = promise.finally(() => (over = true));
  watched.catch(() => undefined); // told by the caller
  while (!over) {
    await vi.advanceTimersByTimeAsync(1_000);
    await turn();
  }
  return watched;
}

describe.each(PORT_CALLS)('$port', ({ service, what, make, answer: good, value }: PortCall) => {
  it.each(FAILURES)('%s twice, and then is well', async (_name, failure) => {
    const client = open(service);
    const seen = script(client, [failure(service), failure(service), () => answer(200, good)]);
    const result = await ended(make(client as never));
    if (typeof value === 'object' && value !== null) expect(result).toMatchObject(value);
    else expect(result).toBe(value);
    expect(seen.requests).toBe(3);
  });

  it.each(FAILURES)('%s until patience ends: says so', async (_name, failure) => {
    const client = open(service);
    const seen = script(client, [failure(service)]);
    const error = await ended(make(client as never)).then(
      () => expect.unreachable('reported as done'),
      (error: unknown) => error as Error,
    );
    expect(error).toBeInstanceOf(CallFailed);
    expect(error.message.slice(0, what.length + 2)).toBe(`${what}: `);
    expect(seen.requests).toBe(4);
  });

  it('is refused for good: says so at once', async () => {
    const client = open(service);
    const seen = script(client, [() => refusal(service, 403, 'AccessDeniedException')]);
    await expect(ended(make(client as never))).rejects.toThrow(`${what}: `);
    expect(seen.requests).toBe(1);
  });
});

const place = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const ONE_CALL: Record<Service, (endpoint: string) => Promise<unknown>> = {
  DynamoDB: (endpoint) => tableOn(dynamoClient({ ...place, endpoint })).get(key),
  S3: (endpoint) => objectsOn(s3Client({ ...place, endpoint })).exists('k'),
  SQS: (endpoint) => new SqsDeadMessages(sqsClient({ ...place, endpoint }), `${endpoint}/1/dead`).drop('receipt'),
  'Step Functions': (endpoint) => machineOn(sfnClient({ ...place, endpoint })).wake('token', {}),
  'Secrets Manager': (endpoint) => signerOn(secretsClient({ ...place, endpoint })).sign(Buffer.from('x')),
};
it.each(Object.entries(ONE_CALL))('%s: waiting for an answer that never comes has an end', async (service, make) => {
  const server = createServer(() => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  await expect(ended(make(endpoint))).rejects.toThrow(new RegExp(`^${service} .*TimeoutError`));
});

it('a body that breaks off is an error, not an end of lines', async () => {
  const client = open('S3');
  const half = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('one\ntwo\n');
    throw await Promise.resolve(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
  };
  script(client, [() => ({ ...answer(200, ''), body: Readable.from(half()) })]);
  await expect(lines(objectsOn(client).readLines('k'))).rejects.toThrow('S3 GetObject, s3://results/k: Error: aborted');
});

it('a secret that comes garbled is not quoted', async () => {
  const client = open('Secrets Manager');
  script(client, [() => answer(200, `{"SecretString":"${SECRET}" ${SECRET}}`)]);
  const error = await ended(signerOn(client).sign(Buffer.from('x'))).catch((error: unknown) => error as Error);
  expect(error).toBeInstanceOf(CallFailed);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(SECRET.slice(0, 5));
  expect((error as Error).cause).toBeUndefined();
});
