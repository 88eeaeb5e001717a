/** The shard queue on SQS: batches of ten; what a batch leaves out is sent again, a bounded number of times. */
import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { QUEUE_BATCH_MAX } from '#core/limits.ts';
import { Bounded } from '#core/bounded.ts';
import type { Chance, Clock, ShardMessage, ShardQueue } from '#core/ports.ts';
import { call, CallFailed } from './call.ts';

const ATTEMPTS_MAX = 5;
const BATCHES_AT_ONCE = 8;

/** The name in a queue's URL. */
export const nameOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

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
    const what = `SQS SendMessageBatch, queue ${nameOf(this.#url)}`;
    let left = batch;
    for (let attempt = 1; ; attempt++) {
      const { Successful = [], Failed = [] } = await call(what, () =>
        this.#client.send(
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
        ),
      );
      // Sent is what is said to be sent: an entry that the answer does not name at all is sent again too.
      const sent = new Set(Successful.map(({ Id }) => Id));
      left = left.filter((_, i) => !sent.has(String(i)));
      if (left.length === 0) return;
      const fault = Failed.find(({ SenderFault }) => SenderFault === true);
      const why = fault ?? Failed[0];
      if (attempt >= ATTEMPTS_MAX || fault !== undefined)
        throw new CallFailed(
          `${what}: ${String(left.length)} messages refused: ${why?.Code ?? 'no reason given'} ${why?.Message ?? ''}`.trimEnd(),
        );
      await this.#clock.sleep(100 * 2 ** attempt * this.#chance());
    }
  }
}
