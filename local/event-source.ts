/**
 * An SQS event source mapping: polls a queue, invokes its function with batches, deletes what went well. At least once, as in
 * AWS: a batch whose invocation failed, or was cut off by the end of the process, comes again.
 *
 * Failed messages become visible after a short back-off (1, 2, 4 … 30 s by their receives) instead of after the queue's
 * visibility time-out, which may be hours; dead-lettering is the queue's own. The batching window is not waited for.
 */
import type { Json } from '#core/json.ts';
import type { MappingSpec } from './blueprint.ts';
import type { FunctionHost } from './lambda.ts';
import { isObject } from './properties.ts';
import type { QueueMessage, QueueSource } from './queue-source.ts';

export interface EventSource {
  /** No new batch is taken; those under way end with the function host. */
  close(): Promise<void>;
}

const POLL_SECONDS = 20;
const BACKOFF_SECONDS_MAX = 30;

export const backoffSeconds = (receiveCount: number): number =>
  Math.min(BACKOFF_SECONDS_MAX, 2 ** Math.max(0, receiveCount - 1));

export function startEventSource(options: {
  mapping: MappingSpec;
  source: QueueSource;
  functions: FunctionHost;
  region: string;
  /** Batches at a time when the template does not say, and the most in any case. */
  concurrencyMax: number;
  log: (line: string) => void;
}): EventSource {
  const { mapping, source } = options;
  const stop = new AbortController();
  const sizeMax = Math.min(mapping.concurrencyMax ?? options.concurrencyMax, options.concurrencyMax);
  let running = 0;
  let freed = Promise.withResolvers<void>();

  const deliver = async (messages: QueueMessage[]): Promise<void> => {
    const failed = await failures(options, messages);
    // After the end of this process's life nothing is decided any more: the next start takes what was in flight.
    if (stop.signal.aborted) return;
    for (const message of messages) {
      if (failed.has(message.messageId)) source.release(message.receiptHandle, backoffSeconds(message.receiveCount));
      else source.delete(message.receiptHandle);
    }
  };
  const poll = async (): Promise<void> => {
    source.releaseAll();
    while (!stop.signal.aborted) {
      if (running >= sizeMax) {
        await freed.promise;
        continue;
      }
      const messages = source.take(mapping.batchSize);
      if (messages.length === 0) {
        await source.wait(POLL_SECONDS, stop.signal);
        continue;
      }
      running++;
      void deliver(messages)
        .catch((error: unknown) => options.log(`event source ${mapping.logicalId}: ${String(error)}`))
        .finally(() => {
          running--;
          freed.resolve();
          freed = Promise.withResolvers();
        });
    }
  };
  const polling = poll().catch((error: unknown) =>
    options.log(`event source ${mapping.logicalId} stopped: ${String(error)}`),
  );
  return {
    async close() {
      stop.abort();
      freed.resolve();
      await polling;
    },
  };
}

/** Ids of the messages that did not go well. */
async function failures(
  options: Parameters<typeof startEventSource>[0],
  messages: QueueMessage[],
): Promise<Set<string>> {
  const { mapping, functions, region } = options;
  const all = new Set(messages.map((m) => m.messageId));
  const event = { Records: messages.map((message) => recordOf(message, mapping.queueArn, region)) };
  const invocation = await functions.invoke(mapping.functionArn, event);
  if (invocation.kind === 'refused')
    options.log(`event source ${mapping.logicalId}: ${invocation.name}: ${invocation.message}`);
  if (invocation.kind !== 'ok') return all;
  return mapping.reportsItemFailures ? reportedFailures(invocation.payload, all) : new Set();
}

function recordOf(message: QueueMessage, queueArn: string, region: string): Json {
  return {
    messageId: message.messageId,
    receiptHandle: message.receiptHandle,
    body: message.body,
    attributes: message.attributes,
    messageAttributes: {},
    md5OfBody: message.md5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

/** As AWS reads `batchItemFailures`: absent, null or empty = all went well; anything it does not understand = all failed. */
export function reportedFailures(payload: string, all: Set<string>): Set<string> {
  const answer: unknown = JSON.parse(payload);
  if (answer === null) return new Set();
  if (!isObject(answer)) return all;
  const list = answer['batchItemFailures'];
  if (list === undefined || list === null) return new Set();
  if (!Array.isArray(list)) return all;
  const failed = new Set<string>();
  for (const item of list) {
    const id = isObject(item) ? item['itemIdentifier'] : undefined;
    if (typeof id !== 'string' || !all.has(id)) return all;
    failed.add(id);
  }
  return failed;
}
