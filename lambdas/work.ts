/**
 * `work`: shard messages from the queue. The fate of each record: malformed → reported as failed, so that it ends among
 * the dead letters where people see it; a shard that is done, taken or of a run that is over → deleted; parked → deleted,
 * its successor is already sent; an exception → failed, delivered again. One failing record never fails its batch.
 */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { CompileExtractor } from '#core/context.ts';
import { parseShardMessage } from '#core/dead-letters.ts';
import { work, type WorkAnswer } from '#core/steps/work.ts';
import { requestStop } from '#core/stop.ts';
import { billing, charged } from './aws/billing.ts';
import { dressed } from './aws/handler.ts';
import { time, workersMax } from './aws/ports/basics.ts';
import { runMachine } from './aws/ports/machine.ts';
import { resultObjects } from './aws/ports/objects.ts';
import { shardQueue } from './aws/ports/queues.ts';
import { tenantSecrets } from './aws/ports/secrets.ts';
import { switches } from './aws/ports/switches.ts';
import { tables } from './aws/ports/tables.ts';
import { telling } from './aws/runtime.ts';
import { outgoing } from './aws/web.ts';
import { environment } from './contract.ts';
import { tuneEngine } from './engine.ts';

/** Runs that keep no records have no use for it. */
const compileExtractor: CompileExtractor = async (plan) => (await import('#extract/compile.ts')).compileExtractor(plan);

tuneEngine();
const env = environment('work', process.env);
const told = telling(env.GLEANER_STAGE);
const both = tables(env);
const ports = {
  region: env.GLEANER_REGION,
  workersMax: workersMax(env),
  ...time,
  ...both,
  ...switches(env, { ...both, log: told.log }),
  ...resultObjects(env),
  ...tenantSecrets(env),
  ...shardQueue(env),
  ...runMachine(env),
  ...outgoing(process.env),
  compileExtractor,
  log: told.log,
  meter: billing.meter(told.meter),
};

export const handler = dressed<SQSEvent, SQSBatchResponse>(
  told,
  () => ({}),
  async (event, context) => {
    const deadlineAt = time.clock.now() + context.getRemainingTimeInMillis();
    const failed: SQSBatchResponse['batchItemFailures'] = [];
    for (const record of event.Records) {
      if (!(await workOn(record, deadlineAt))) failed.push({ itemIdentifier: record.messageId });
    }
    return { batchItemFailures: failed };
  },
);

/** The feed's part in one message: received and deleted. */
const FEED = { queueRequests: 2 };

/** False when the record is to be delivered again. */
async function workOn(record: SQSRecord, deadlineAt: number): Promise<boolean> {
  const message = parseShardMessage(record.body);
  if (message === undefined) {
    told.log.error('malformed shard message', { messageId: record.messageId, body: record.body.slice(0, 200) });
    return false;
  }
  const { tenant, runId, shardId } = message;
  told.logger.appendKeys({ tenant, runId, shardId });
  try {
    const over = (): Promise<unknown> => requestStop(ports, tenant, runId, 'maxCostUsd');
    const act = (): Promise<WorkAnswer> => work(ports, message, deadlineAt);
    told.log.info('shard ended', { answer: await charged(ports, { tenant, runId }, FEED, act, over) });
    return true;
  } catch (error) {
    told.logger.error('shard failed', error as Error);
    return false;
  } finally {
    told.logger.removeKeys(['tenant', 'runId', 'shardId']);
  }
}
