import type { Context } from '#core/context.ts';
import { billing } from '../billing.ts';
import { onFirstUse } from '../first-use.ts';
import { clock } from '../clock.ts';
import { chance } from '../runtime.ts';

export const shardQueue = (env: { SHARD_QUEUE_URL: string }): Pick<Context, 'queue'> => ({
  queue: onFirstUse(async () => {
    const [{ SqsShardQueue }, { sqsClient }] = await Promise.all([import('../queue.ts'), import('../clients/sqs.ts')]);
    return new SqsShardQueue(billing.watch(sqsClient()), env.SHARD_QUEUE_URL, clock, chance);
  }),
});
export const deadMessages = (env: { DEAD_LETTER_QUEUE_URL: string }): Pick<Context, 'deadMessages'> => ({
  deadMessages: onFirstUse(async () => {
    const [{ SqsDeadMessages }, { sqsClient }] = await Promise.all([
      import('../dead-messages.ts'),
      import('../clients/sqs.ts'),
    ]);
    return new SqsDeadMessages(sqsClient(), env.DEAD_LETTER_QUEUE_URL);
  }),
});
