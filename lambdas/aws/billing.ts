/**
 * What a sandbox makes AWS do. Clients are watched where they are made (`ports/`), so no call can be forgotten; a
 * sandbox has one invocation at a time, so what was counted since the last taking is this one's.
 */
import { charge, type Usage, type Used } from '#core/usage.ts';
import { METRICS, type MetricName } from '#core/metrics.ts';
import { clock } from './clock.ts';
import type { Log, Meter, Table } from '#core/ports.ts';
import type { RunRef } from '../contract.ts';

interface Answer {
  output: { ConsumedCapacity?: { CapacityUnits?: number } };
}
type Next = (args: { input: object }) => Promise<Answer>;
/** The part of every SDK client that is used here; their own types name their commands and fit nothing in common. */
interface Stack {
  add(middleware: (next: Next, context: { commandName?: string }) => Next, options: { step: 'initialize' }): void;
}

const READS = new Set(['GetItemCommand', 'QueryCommand']);
const WRITES = new Set(['PutItemCommand', 'UpdateItemCommand', 'DeleteItemCommand']);
/** Of S3 and SQS by what they are billed as. Deleting objects is free; Step Functions bills transitions, not calls. */
const BILLED: Record<string, Used> = {
  PutObjectCommand: 'objectPuts',
  CreateMultipartUploadCommand: 'objectPuts',
  UploadPartCommand: 'objectPuts',
  CompleteMultipartUploadCommand: 'objectPuts',
  GetObjectCommand: 'objectGets',
  HeadObjectCommand: 'objectGets',
  SendMessageBatchCommand: 'queueRequests',
  ReceiveMessageCommand: 'queueRequests',
  DeleteMessageCommand: 'queueRequests',
};
/** What the meter tells of a worker's commits. */
const YIELDED: Partial<Record<MetricName, Used>> = {
  [METRICS.targetsCollected]: 'targets',
  [METRICS.targetsFailed]: 'targets',
  [METRICS.records]: 'records',
  [METRICS.bodyBytes]: 'bytes',
  [METRICS.storedBytes]: 'stored',
};

export class Billing {
  #usage: Usage = {};

  add(used: Used, amount: number): void {
    this.#usage[used] = (this.#usage[used] ?? 0) + amount;
  }

  take(): Usage {
    const usage = this.#usage;
    this.#usage = {};
    return usage;
  }

  meter(inner: Meter): Meter {
    return {
      count: (name, value) => {
        const used = YIELDED[name];
        if (used !== undefined) this.add(used, value);
        inner.count(name, value);
      },
    };
  }

  /** Counts each call of a client once, as it is answered; a table is asked to tell the units it took. */
  watch<C extends { middlewareStack: object }>(client: C): C {
    const watching = (next: Next, { commandName = '' }: { commandName?: string }): Next => {
      const units = READS.has(commandName) ? 'tableReads' : WRITES.has(commandName) ? 'tableWrites' : undefined;
      const billed = units ?? BILLED[commandName];
      return async (args) => {
        try {
          const input = units === undefined ? args.input : { ...args.input, ReturnConsumedCapacity: 'TOTAL' };
          const answer = await next({ ...args, input });
          if (billed !== undefined) this.add(billed, answer.output.ConsumedCapacity?.CapacityUnits ?? 1);
          return answer;
        } catch (error) {
          // A lost condition is billed like the write it would have been, and tells no units.
          if (units !== undefined && (error as Error).name === 'ConditionalCheckFailedException') this.add(units, 1);
          throw error;
        }
      };
    };
    (client.middlewareStack as Stack).add(watching, { step: 'initialize' });
    return client;
  }
}

/** The sandbox's own. */
export const billing = new Billing();

/** The two writes of a charge. */
const CHARGE_WRITES = 2;

/**
 * Does one call's work for a run and adds what it used to the run. That the meter cannot be written is no reason to fail.
 * @param more what the services around the call are known to take for it: transitions, queue requests of the feed.
 * @param over told when the run has used up its `limits.maxCostUsd`.
 */
export async function charged<A>(
  ports: { table: Table; log: Log },
  ref: RunRef,
  more: Usage,
  act: () => Promise<A>,
  over: () => Promise<unknown> = () => Promise.resolve(),
): Promise<A> {
  billing.take();
  const startedAt = performance.now();
  try {
    return await act();
  } finally {
    const megabytes = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 0);
    for (const [used, amount] of Object.entries(more) as [Used, number][]) billing.add(used, amount);
    billing.add('lambdaRequests', 1);
    billing.add('lambdaGbMs', (Math.ceil(performance.now() - startedAt) * megabytes) / 1024);
    billing.add('tableWrites', CHARGE_WRITES);
    try {
      if ((await charge(ports.table, ref, billing.take(), clock.now())) === 'over') await over();
    } catch (error) {
      ports.log.warn('usage was not written', { tenant: ref.tenant, runId: ref.runId, error: String(error) });
    }
  }
}
