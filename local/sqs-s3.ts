/** SQS and S3: fauxqs behind a front that lets through only what behaves as in AWS, and stores large objects in parts. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '#core/ports.ts';
import { openFauxqs } from './fauxqs-stores.ts';
import type { FauxqsStores } from './fauxqs-stores.ts';
import { listen, sendJson } from './loopback.ts';
import { queueSource } from './queue-source.ts';
import type { QueueSource } from './queue-source.ts';
import { isLargePut, OBJECT_BYTES_MAX, storeLargePut } from './s3-large-put.ts';
import { isExpired, s3Refusal, s3Target } from './s3-rules.ts';

export interface SqsS3 {
  /** Serves both services; queue URLs are `${url}/ACCOUNT/NAME`. */
  url: string;
  /** Makes the queue, or sets the attributes of the one there is. Messages stay. */
  putQueue(name: string, arn: string, attributes: Record<string, string>): void;
  putBucket(name: string): void;
  /** The receiving end of a queue, for an event source. Throws when there is no such queue. */
  source(queueArn: string): QueueSource;
  close(): Promise<void>;
}

const SQS_ALLOWED = new Set([
  'SendMessage', 'SendMessageBatch', 'ReceiveMessage', 'DeleteMessage', 'DeleteMessageBatch',
  'ChangeMessageVisibility', 'ChangeMessageVisibilityBatch', 'GetQueueAttributes',
]); // prettier-ignore

export async function startSqsS3(options: {
  dir: string;
  region: string;
  clock: Clock;
  log: (line: string) => void;
}): Promise<SqsS3> {
  const fauxqs = await openFauxqs(options);
  const front = await listen((request, response) => route(fauxqs, request, response, options.clock), 0, options.log);
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
    source: (queueArn) => queueSource(fauxqs.sqs, queueArn),
    async close() {
      await front.close();
      await fauxqs.close();
    },
  };
}

async function route(
  fauxqs: FauxqsStores,
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
): Promise<void> {
  const { method = '', url = '/', headers } = request;
  const path = url.split('?')[0];
  if (path === '/') {
    const action = /^AmazonSQS\.(\w+)$/.exec(String(headers['x-amz-target'] ?? ''))?.[1];
    if (method === 'POST' && action !== undefined && SQS_ALLOWED.has(action)) return fauxqs.handle(request, response);
    request.resume();
    const message = `SQS ${action ?? 'requests without a known target'}: not offered by the local world`;
    return sendJson(response, 501, { __type: 'com.amazonaws.sqs#UnsupportedOperation', message });
  }
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
  if (!isLargePut(request, target)) return fauxqs.handle(request, response);
  if (!fauxqs.s3.hasBucket(target.bucket)) {
    request.resume();
    return sendXml(response, 404, 'NoSuchBucket', 'The specified bucket does not exist');
  }
  await answerLargePut(fauxqs, request, response, target);
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
