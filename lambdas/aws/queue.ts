/** The shard queue on SQS: batches of ten; what a batch leaves out is sent again, a bounded number of times. */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { QUEUE_BATCH_MAX } from '#core/limits.ts';
import { Bounded } from '#core/bounded.ts';
import type { Chance, Clock, ShardMessage, ShardQueue } from '#core/ports.ts';

const ATTEMPTS_MAX = 5;
const BATCHES_AT_ONCE = 8;

export class SqsShardQueue implements ShardQueue {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #clock: Clock;
  readonly #chance: Chance;

  constructor(client: SQSClient, url: string, clock: Clock, chance: Chance) {
    this.#client = client;
    this.#url = url;
    this.#clock = clock;
    this.#chance = chance;
  }

  async send(messages: ShardMessage[], delaySeconds = 0): Promise<void> {
    const sending = new Bounded(BATCHES_AT_ONCE);
    for (let i = 0; i < messages.length; i += QUEUE_BATCH_MAX) {
      const batch = messages.slice(i, i + QUEUE_BATCH_MAX);
      await sending.run(() => this.#sendBatch(batch, delaySeconds));
    }
    await sending.drain();
  }

  async #sendBatch(batch: ShardMessage[], delaySeconds: number): Promise<void> {
    let left = batch;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#client.send(
        new SendMessageBatchCommand({
          QueueUrl: this.#url,
          Entries: left.map((message, i) => ({
            Id: String(i),
            MessageBody: JSON.stringify(message),
            DelaySeconds: delaySeconds,
            // A fair queue: the tenant is the group, so one tenant's thousands do not hide another's ten.
            MessageGroupId: message.tenant,
          })),
        }),
      );
      const failed = new Set((answer.Failed ?? []).map(({ Id }) => Id));
      if (failed.size === 0) return;
      left = left.filter((_, i) => failed.has(String(i)));
      const why = answer.Failed?.[0];
      if (attempt >= ATTEMPTS_MAX || why?.SenderFault === true)
        throw new Error(`SQS refused ${String(left.length)} messages: ${why?.Code ?? 'unknown'} ${why?.Message ?? ''}`);
      await this.#clock.sleep(100 * 2 ** attempt * this.#chance());
    }
  }
}
