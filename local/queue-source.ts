import type { SqsStore } from './fauxqs-stores.ts';

export interface QueueMessage {
  messageId: string;
  receiptHandle: string;
  body: string;
  md5OfBody: string;
  /** 1 at the first delivery. */
  receiveCount: number;
  attributes: Record<string, string>;
}

/** The receiving end of one queue, as an event source sees it. */
export interface QueueSource {
  /** At once: what is visible now, at most `max` (1..10). Messages past their receives go to the dead letters here. */
  take(max: number): QueueMessage[];
  /** Resolves when something may be visible, after `seconds`, or when the signal aborts. Takes nothing, so nothing is lost. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
  delete(receiptHandle: string): void;
  /** Visible again after `seconds`. */
  release(receiptHandle: string, seconds: number): void;
  /** Makes everything visible that was in flight. For the start: its receivers died with the process before this one. */
  releaseAll(): void;
}

export function queueSource(store: SqsStore, queueArn: string): QueueSource {
  const queue = store.getQueueByArn(queueArn);
  if (queue === undefined) throw new Error(`queue ${queueArn} does not exist`);
  return {
    take(max) {
      const received = queue.dequeue(Math.min(max, 10), undefined, (arn) => store.getQueueByArn(arn));
      return received.map(({ MessageId, ReceiptHandle, Body, MD5OfBody }) => {
        const message = queue.inflightMessages.get(ReceiptHandle)?.message;
        const receiveCount = message?.approximateReceiveCount ?? 1;
        return {
          messageId: MessageId,
          receiptHandle: ReceiptHandle,
          body: Body,
          md5OfBody: MD5OfBody,
          receiveCount,
          attributes: {
            ApproximateReceiveCount: String(receiveCount),
            SentTimestamp: String(message?.sentTimestamp ?? 0),
            SenderId: '000000000000',
            ApproximateFirstReceiveTimestamp: String(message?.approximateFirstReceiveTimestamp ?? 0),
            ...(message?.messageGroupId === undefined ? {} : { MessageGroupId: message.messageGroupId }),
          },
        };
      });
    },
    wait(seconds, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', done);
          resolve();
        };
        signal.addEventListener('abort', done, { once: true });
        void queue.waitForMessages(seconds).then(done);
      });
    },
    delete: (receiptHandle) => void queue.deleteMessage(receiptHandle),
    release: (receiptHandle, seconds) => queue.changeVisibility(receiptHandle, seconds),
    releaseAll() {
      for (const handle of [...queue.inflightMessages.keys()]) queue.changeVisibility(handle, 0);
    },
  };
}
