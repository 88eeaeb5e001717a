/** SQS and S3: fauxqs behind a front that lets through only what behaves as in AWS, and stores large objects in parts. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#core/ports.ts';
import { openFauxqs } from './fauxqs-stores.ts';
import type { FauxqsStores } from './fauxqs-stores.ts';
import { listen, readBody, sendJson } from './loopback.ts';
import { queueSource } from './queue-source.ts';
import type { QueueSource } from './queue-source.ts';
import { accessKeyOf, firstRefusal, refusedJson } from './iam-gate.ts';
import type { Gate, Need } from './iam-gate.ts';
import { SQS_NEEDS } from './iam-needs.ts';
import { isLargePut, OBJECT_BYTES_MAX, storeLargePut } from './s3-large-put.ts';
import { isExpired, s3Need, s3Refusal, s3Target } from './s3-rules.ts';
import type { S3Target } from './s3-rules.ts';
import { parsedObject } from './properties.ts';

export interface SqsS3 {
  /** Serves both services; queue URLs are `${url}/ACCOUNT/NAME`. */
  url: string;
  /** Makes the queue, or sets the attributes of the one there is. Messages stay. */
  putQueue(name: string, arn: string, attributes: Record<string, string>): void;
  putBucket(name: string): void;
  /** Puts a message in the queue, as a service of AWS does. Throws when there is no such queue. */
  send(queueArn: string, body: string): void;
  /** The receiving end of a queue, for an event source. Throws when there is no such queue. */
  source(queueArn: string): QueueSource;
  close(): Promise<void>;
}

/** SQS takes at most 1 MiB of messages in one request; their JSON is longer. */
const SQS_BYTES_MAX = 8 * 1024 * 1024;

export async function startSqsS3(options: {
  dir: string;
  region: string;
  gate: Gate;
  clock: Clock;
  log: (line: string) => void;
}): Promise<SqsS3> {
  const fauxqs = await openFauxqs(options);
  const front = await listen((request, response) => route({ fauxqs, ...options }, request, response), 0, options.log);
  return {
    url: front.url,
    putQueue(name, arn, attributes) {
      const queue = fauxqs.sqs.getQueueByArn(arn);
      if (queue === undefined) fauxqs.sqs.createQueue(name, `http://127.0.0.1/000000000000/${name}`, arn, attributes);
      else queue.setAttributes(attributes);
    },
    putBucket(name) {
      if (!fauxqs.s3.hasBucket(name)) fauxqs.s3.createBucket(name);
    },
    send(queueArn, body) {
      const queue = fauxqs.sqs.getQueueByArn(queueArn);
      if (queue === undefined) throw new Error(`queue ${queueArn} does not exist`);
      queue.enqueue(fauxqs.message(body));
    },
    source: (queueArn) => queueSource(fauxqs.sqs, queueArn),
    async close() {
      await front.close();
      await fauxqs.close();
    },
  };
}

interface Back {
  fauxqs: FauxqsStores;
  gate: Gate;
  clock: Clock;
}

async function route(back: Back, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?')[0];
  return path === '/' ? answerSqs(back, request, response) : answerS3(back, request, response);
}

async function answerSqs({ fauxqs, gate }: Back, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', headers } = request;
  const action = /^AmazonSQS\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1];
  const needs = SQS_NEEDS[action ?? ''];
  if (method !== 'POST' || needs === undefined) {
    request.resume();
    const message = `SQS ${action ?? 'requests without a known target'}: not offered by the local world`;
    return sendJson(response, 501, { __type: 'com.amazonaws.sqs#UnsupportedOperation', message });
  }
  const body = await readBody(request, SQS_BYTES_MAX);
  if (body === 'aborted') return;
  if (body === 'tooLarge') return sendJson(response, 413, { message: `request is larger than ${SQS_BYTES_MAX} bytes` });
  const refusal = firstRefusal(gate, accessKeyOf(headers), needs(parsedObject(body.toString())));
  if (refusal !== undefined) {
    const code = refusal.kind === 'denied' ? 'AccessDenied' : 'InvalidClientTokenId';
    return sendJson(response, 403, refusedJson(refusal), { 'x-amzn-query-error': `${code};Sender` });
  }
  const answer = await fauxqs.call(headers, body);
  if (response.destroyed) return;
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}

async function answerS3(
  { fauxqs, gate, clock }: Back,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '/', headers } = request;
  const target = s3Target(url);
  const refusal = target === undefined ? 'an object with a broken path' : s3Refusal(method, target, headers);
  if (target === undefined || refusal !== undefined) {
    request.resume();
    return sendXml(response, 501, 'NotImplemented', `S3 ${String(refusal)}: not offered by the local world`);
  }
  if (isExpired(target, clock.now())) {
    request.resume();
    return sendXml(response, 403, 'AccessDenied', 'Request has expired');
  }
  const needs = [s3Need(method, target), ...tellsMissing(fauxqs, method, target)];
  const denied = firstRefusal(gate, accessKeyOf(headers, target.query), needs);
  if (denied !== undefined) {
    request.resume();
    const unknown = denied.kind === 'unknownKey' && accessKeyOf(headers, target.query) !== undefined;
    return sendXml(response, 403, unknown ? 'InvalidAccessKeyId' : 'AccessDenied', denied.message);
  }
  if (!isLargePut(request, target)) return fauxqs.handle(request, response);
  if (!fauxqs.s3.hasBucket(target.bucket)) {
    request.resume();
    return sendXml(response, 404, 'NoSuchBucket', 'The specified bucket does not exist');
  }
  await answerLargePut(fauxqs, request, response, target);
}

/** Whoever may not list a bucket is told 403 of a key that is not there, as of one that may not be read. */
function tellsMissing({ s3 }: FauxqsStores, method: string, { bucket, key }: S3Target): Need[] {
  if (key === '' || (method !== 'GET' && method !== 'HEAD') || !s3.hasBucket(bucket) || isThere(s3, bucket, key))
    return [];
  return [{ action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` }];
}

function isThere(s3: FauxqsStores['s3'], bucket: string, key: string): boolean {
  try {
    s3.headObject(bucket, key);
    return true;
  } catch {
    return false;
  }
}

async function answerLargePut(
  fauxqs: FauxqsStores,
  request: IncomingMessage,
  response: ServerResponse,
  target: NonNullable<ReturnType<typeof s3Target>>,
): Promise<void> {
  let stored: Awaited<ReturnType<typeof storeLargePut>>;
  try {
    stored = await storeLargePut(fauxqs.s3, request, target);
  } catch (error) {
    return sendXml(response, 400, 'IncompleteBody', `The body could not be stored: ${String(error)}`);
  }
  if (stored === 'tooLarge') {
    request.resume();
    return sendXml(response, 400, 'EntityTooLarge', `The local world stores objects up to ${OBJECT_BYTES_MAX} bytes`);
  }
  response.writeHead(200, { etag: stored.etag, 'content-length': 0 });
  response.end();
}

function sendXml(response: ServerResponse, status: number, code: string, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const text = message.replace(/[<>&]/g, (c) => `&#${c.charCodeAt(0)};`);
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${text}</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
