/**
 * Silence: connections that nobody takes or that stop in the middle of an answer, answers that say nothing, sources nobody
 * reads on. Servers are real, timers are virtual; the one timer that lives in the socket is rung by hand.
 */
import { CreateMultipartUploadCommand, AbortMultipartUploadCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3'; // prettier-ignore
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { createServer, type Agent, type ServerResponse } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { S3Blobs } from '#lambdas/aws/blobs.ts';
import { CallFailed } from '#lambdas/aws/call.ts';
import { dynamoClient } from '#lambdas/aws/clients/dynamo.ts';
import { s3Client } from '#lambdas/aws/clients/s3.ts';
import { secretsClient } from '#lambdas/aws/clients/secrets.ts';
import { sfnClient } from '#lambdas/aws/clients/step-functions.ts';
import { sqsClient } from '#lambdas/aws/clients/sqs.ts';
import { SqsDeadMessages } from '#lambdas/aws/dead-messages.ts';
import { key, lines, machineOn, objectsOn, open, SECRET, signerOn, tableOn } from './port-calls.ts';

interface Reached {
  client: { config: { requestHandler: unknown } };
  ask: () => Promise<unknown>;
}
const place = { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
/** One call of each client whose answer has a body, with a good one and how long the connection may be silent in it. */
const CALLS: [string, number, string, (endpoint: string) => Reached][] = [
  ['DynamoDB', 5_000, '{"Item":{"pk":{"S":"a"},"sk":{"S":"b"}}}', (endpoint) => {
    const client = dynamoClient({ ...place, endpoint });
    return { client, ask: () => tableOn(client).get(key) };
  }],
  ['SQS', 5_000, '{"Messages":[]}', (endpoint) => {
    const client = sqsClient({ ...place, endpoint });
    return { client, ask: () => new SqsDeadMessages(client, `${endpoint}/1/dead`).receive() };
  }],
  ['Step Functions', 5_000, '{"status":"RUNNING"}', (endpoint) => {
    const client = sfnClient({ ...place, endpoint });
    return { client, ask: () => machineOn(client).status('acme', 'r', 0) };
  }],
  ['Secrets Manager', 5_000, JSON.stringify({ SecretString: SECRET }), (endpoint) => {
    const client = secretsClient({ ...place, endpoint });
    return { client, ask: () => signerOn(client).sign(Buffer.from('x')) };
  }],
  ['S3', 300_000, 'one\ntwo\n', (endpoint) => {
    const client = s3Client({ ...place, endpoint });
    return { client, ask: () => lines(objectsOn(client).readLines('k')) };
  }],
]; // prettier-ignore

describe('a connection', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  /** Lets time fly until `done`. */
  async function until(done: () => boolean): Promise<void> {
    while (!done()) {
      await vi.advanceTimersByTimeAsync(100);
      await turn();
    }
  }
  async function ended<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const watched = promise.finally(() => (over = true));
    watched.catch(() => undefined); // told by the caller
    await until(() => over);
    return watched;
  }
  const socketsOf = ({ client }: Reached): Socket[] => {
    const { httpHandlerConfigs } = client.config.requestHandler as { httpHandlerConfigs(): { httpAgent?: Agent } };
    const { httpAgent } = httpHandlerConfigs.call(client.config.requestHandler);
    return Object.values(httpAgent?.sockets ?? {}).flatMap((sockets) => sockets ?? []);
  };

  it.each(CALLS)('%s: that stops in the middle of an answer is given up', async (service, silenceMs, good, make) => {
    let requests = 0;
    const answer = (response: ServerResponse): unknown => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': good.length });
      return ++requests === 1 ? response.write(good.slice(0, 3)) : response.end(good);
    };
    const server = createServer((request, response) => void request.resume().once('end', () => answer(response)));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const reached = make(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    const asked = reached.ask();
    asked.catch(() => undefined); // told below
    await until(() => socketsOf(reached).some(({ bytesRead, timeout }) => bytesRead > 0 && timeout === silenceMs));
    for (const socket of socketsOf(reached)) socket.emit('timeout');
    // What S3 sends is already being read on, so it cannot be asked for again down here.
    if (service === 'S3') await expect(ended(asked)).rejects.toThrow(/^S3 GetObject, s3:\/\/results\/k: TimeoutError/);
    else await ended(asked);
    expect(requests).toBe(service === 'S3' ? 1 : 2);
  });

  it.each(CALLS)('%s: that nobody takes is given up', async (service, _silenceMs, _good, make) => {
    const connect = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
      return Object.assign(this, { connecting: true });
    });
    const { ask } = make('http://127.0.0.1:9');
    // The signer quotes nothing that could hold the secret.
    const why = service === 'Secrets Manager' ? 'TimeoutError' : 'did not establish a connection';
    await expect(ended(ask())).rejects.toThrow(new RegExp(`^${service} .*${why}`));
    expect(connect).toHaveBeenCalledTimes(4);
  });
});

it('an execution without a status has not ended', async () => {
  mockClient(SFNClient).on(DescribeExecutionCommand).resolves({ $metadata: {} });
  await expect(machineOn(open('Step Functions')).status('acme', 'r', 0)).rejects.toThrow(
    /^Step Functions DescribeExecution, execution r-0: .*without a status/,
  );
});

describe('the source of a large object', () => {
  const CHUNK = Buffer.alloc(1024 * 1024);
  /** S3 takes no part and cannot clear away either. */
  function failing() {
    const s3 = mockClient(S3Client);
    s3.on(CreateMultipartUploadCommand).resolves({ UploadId: 'u', $metadata: {} });
    s3.on(AbortMultipartUploadCommand).rejects(new Error('cannot clear away'));
    return { s3, blobs: new S3Blobs(open('S3'), 'results') };
  }

  it('is let go when S3 fails', async () => {
    const { s3, blobs } = failing();
    s3.on(UploadPartCommand).rejects(new Error('no'));
    let given = 0;
    let left = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          given++;
          yield await Promise.resolve(CHUNK);
        }
      } finally {
        left = true;
      }
    }
    await expect(blobs.put('k', endless(), 'text/plain')).rejects.toBeInstanceOf(CallFailed);
    expect(left).toBe(true);
    expect(given).toBeLessThan(100);
  });

  it('tells its own failure, whatever else fails after it', async () => {
    const { s3, blobs } = failing();
    s3.on(UploadPartCommand).resolves({ ETag: 'e', $metadata: {} });
    const mine = new Error('mine');
    async function* broken(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 20; i++) yield await Promise.resolve(CHUNK);
      throw mine;
    }
    await expect(blobs.put('k', broken(), 'text/plain')).rejects.toBe(mine);
  });
});
