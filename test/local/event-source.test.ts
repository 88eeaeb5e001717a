import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json } from '#core/json.ts';
import { backoffSeconds, reportedFailures, startEventSource } from '#local/event-source.ts';
import type { FunctionHost, Invocation } from '#local/lambda.ts';
import type { QueueMessage, QueueSource } from '#local/queue-source.ts';
import { settle } from './virtual-clock.ts';

const ids = new Set(['a', 'b', 'c']);

describe('the partial batch answer', () => {
  it.each<[string, string, string[]]>([
    ['null', 'null', []],
    ['an empty object', '{}', []],
    ['an empty list', '{"batchItemFailures":[]}', []],
    ['a null list', '{"batchItemFailures":null}', []],
    ['some', '{"batchItemFailures":[{"itemIdentifier":"b"}]}', ['b']],
    ['an unknown id', '{"batchItemFailures":[{"itemIdentifier":"x"}]}', ['a', 'b', 'c']],
    ['an empty id', '{"batchItemFailures":[{"itemIdentifier":""}]}', ['a', 'b', 'c']],
    ['a wrong key', '{"batchItemFailures":[{"id":"a"}]}', ['a', 'b', 'c']],
    ['no list', '{"batchItemFailures":"a"}', ['a', 'b', 'c']],
    ['text', '"done"', ['a', 'b', 'c']],
  ])('%s', (_, payload, failed) => {
    expect([...reportedFailures(payload, ids)]).toEqual(failed);
  });
});

it('backs off by receives, up to 30 s', () => {
  expect([1, 2, 3, 5, 6, 50].map(backoffSeconds)).toEqual([1, 2, 4, 16, 30, 30]);
});

/** A queue in memory that notes what becomes of each message. */
class FakeQueue implements QueueSource {
  waiting: QueueMessage[];
  fates: string[] = [];
  #ring: (() => void) | undefined;
  constructor(bodies: string[]) {
    this.waiting = bodies.map((body, i) => ({ messageId: `id-${i}`, receiptHandle: `h-${body}`, body, md5OfBody: '', receiveCount: 2, attributes: { ApproximateReceiveCount: '2' } })); // prettier-ignore
  }
  take(max: number): QueueMessage[] {
    return this.waiting.splice(0, max);
  }
  wait(_seconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  }
  add(body: string): void {
    this.waiting.push(...new FakeQueue([body]).waiting);
    this.#ring?.();
  }
  delete(handle: string): void {
    this.fates.push(`deleted ${handle}`);
  }
  release(handle: string, seconds: number): void {
    this.fates.push(`released ${handle} ${seconds}`);
  }
  releaseAll(): void {
    this.fates.push('released all');
  }
}

interface Call {
  event: { Records: { messageId: string; body: string; eventSourceARN: string }[] };
  answer: (invocation: Invocation) => void;
}

function open(
  source: FakeQueue,
  more: { batchSize?: number; concurrencyMax?: number; reportsItemFailures?: boolean } = {},
) {
  const calls: Call[] = [];
  const functions: FunctionHost = {
    invoke: (_, event: Json) =>
      new Promise((answer) => calls.push({ event: event as unknown as Call['event'], answer })),
    active: () => 0,
    crash: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
  const mapping = {
    logicalId: 'Feed',
    queueArn: 'arn:q',
    functionArn: 'arn:f',
    batchSize: 10,
    concurrencyMax: undefined,
    reportsItemFailures: true,
    ...more,
  };
  const eventSource = startEventSource({
    mapping,
    source,
    functions,
    region: 'us-east-1',
    concurrencyMax: 8,
    log: () => undefined,
  });
  onTestFinished(() => eventSource.close());
  return { calls, eventSource };
}
const ok = (value: unknown): Invocation => ({ kind: 'ok', payload: JSON.stringify(value) });

describe('the event source', () => {
  it('delivers records as SQS does and deletes what went well', async () => {
    const queue = new FakeQueue(['x', 'y']);
    const { calls } = open(queue);
    await settle();
    expect(calls[0]?.event.Records[0]).toEqual({
      messageId: 'id-0', receiptHandle: 'h-x', body: 'x', attributes: { ApproximateReceiveCount: '2' }, messageAttributes: {},
      md5OfBody: '', eventSource: 'aws:sqs', eventSourceARN: 'arn:q', awsRegion: 'us-east-1',
    }); // prettier-ignore
    calls[0]?.answer(ok({ batchItemFailures: [{ itemIdentifier: 'id-1' }] }));
    await settle();
    expect(queue.fates).toEqual(['released all', 'deleted h-x', 'released h-y 2']);
  });

  it('takes no notice of item failures when the mapping does not report them', async () => {
    const queue = new FakeQueue(['x']);
    const { calls } = open(queue, { reportsItemFailures: false });
    await settle();
    calls[0]?.answer(ok({ batchItemFailures: [{ itemIdentifier: 'id-0' }] }));
    await settle();
    expect(queue.fates).toEqual(['released all', 'deleted h-x']);
  });

  it.each<[string, Invocation]>([
    ['fails', { kind: 'functionError', error: { errorType: 'Error', errorMessage: 'x' } }],
    ['is throttled', { kind: 'refused', name: 'TooManyRequestsException', message: '' }],
  ])('brings the whole batch again when the function %s', async (_, invocation) => {
    const queue = new FakeQueue(['x', 'y']);
    const { calls } = open(queue);
    await settle();
    calls[0]?.answer(invocation);
    await settle();
    expect(queue.fates).toEqual(['released all', 'released h-x 2', 'released h-y 2']);
  });

  it('keeps to batch size and concurrency, and wakes for what arrives', async () => {
    const queue = new FakeQueue(['1', '2', '3', '4', '5']);
    const { calls } = open(queue, { batchSize: 2, concurrencyMax: 2 });
    await settle();
    expect(calls.map((c) => c.event.Records.map((r) => r.body))).toEqual([['1', '2'], ['3', '4']]); // prettier-ignore
    calls[1]?.answer(ok(null));
    await settle();
    expect(calls[2]?.event.Records.map((r) => r.body)).toEqual(['5']);
    for (const call of calls) call.answer(ok(null));
    await settle();
    queue.add('6');
    await settle();
    expect(calls[3]?.event.Records.map((r) => r.body)).toEqual(['6']);
  });

  it('decides nothing any more once closed', async () => {
    const queue = new FakeQueue(['x']);
    const { calls, eventSource } = open(queue);
    await settle();
    await eventSource.close();
    calls[0]?.answer(ok(null));
    await settle();
    expect(queue.fates).toEqual(['released all']);
  });
});
