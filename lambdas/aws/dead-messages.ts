/** The dead-letter queue of the shard queue. */
import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { QUEUE_BATCH_MAX } from '#core/limits.ts';
import type { DeadMessage, DeadMessages } from '#core/ports.ts';
import { call } from './call.ts';
import { nameOf } from './queue.ts';

/** Longer than a sweep lasts: what it could not bury comes again in a later one. */
const HIDDEN_SECONDS = 120;

export class SqsDeadMessages implements DeadMessages {
  readonly #client: SQSClient;
  readonly #url: string;

  constructor(client: SQSClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  async receive(): Promise<DeadMessage[]> {
    const { Messages = [] } = await call(`SQS ReceiveMessage, queue ${nameOf(this.#url)}`, () =>
      this.#client.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#url,
          MaxNumberOfMessages: QUEUE_BATCH_MAX,
          VisibilityTimeout: HIDDEN_SECONDS,
          // Asks every server of the queue: without waiting, a short queue often looks empty.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['SentTimestamp'],
        }),
      ),
    );
    return Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', Attributes }) => ({
      id: MessageId,
      receipt: ReceiptHandle,
      body: Body,
      sentAt: Number(Attributes?.SentTimestamp ?? 0),
    }));
  }

  async drop(receipt: string): Promise<void> {
    await call(`SQS DeleteMessage, queue ${nameOf(this.#url)}`, () =>
      this.#client.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle: receipt })),
    );
  }
}
